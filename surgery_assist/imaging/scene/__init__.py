"""Pictures of volumes: presets, levels of detail, ray casting, cuts, picking and surfaces."""
