"""What a machine lacks to run Hedgerow: the Pulumi engine, a Python language host, an AWS plugin and an AWS account."""
