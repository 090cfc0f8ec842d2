"""The Python language host that the engine starts as `pulumi-language-python`: it runs programs and policy packs."""
