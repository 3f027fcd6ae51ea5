//! Nothing of its own: the benches are in `benches/`.
