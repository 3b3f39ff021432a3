"""Where the data comes from: export files, frames, the store."""
