//! Tests of the application are in the folder `tests`, each on both engines.
