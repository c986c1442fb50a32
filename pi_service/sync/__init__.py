"""The way to the control plane: check-in, configuration, logs, mailbox, and the backlog while it is away."""
