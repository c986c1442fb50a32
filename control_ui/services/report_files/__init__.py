"""Reports and evidence packs as files: asked for at a page, made by a worker, kept for a while for who asked."""
