"""The software on a car wash's Pi: camera stream -> cache -> HTTP, with config, health, healing and sync."""

__version__ = "0.1.0"
