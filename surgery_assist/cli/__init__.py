"""The subcommands of `surgery-assist`, one file each."""
