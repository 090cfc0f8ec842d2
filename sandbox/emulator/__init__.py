"""The AWS emulator: moto in server mode on 127.0.0.1, as a process that outlives the command that started it."""
