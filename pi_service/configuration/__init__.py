"""How a configuration is read, replaced in one step, restored and watched."""
