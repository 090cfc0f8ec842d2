"""What a machine lacks to run Hedgerow: the Pulumi engine, its Python language host, an AWS plugin and an AWS account."""
