"""The camera's stream: ffmpeg and its pictures, trials of new configurations, the unit's socket."""
