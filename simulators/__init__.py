"""Floor 6: what moves time: recorded transactions replayed, members simulated by agents or by the compiled kernel."""
