#pragma once
// From dual variables to the support vectors of a model.

#include "pool3/training.hpp"

namespace pool3::training {

/// Reads the raw features of the rows that any column needs, as float16 where that changes no decision value by more
/// than 1e-3. Not collective; throws Error.
void add_support_vectors(Model& model, const FeatureReader& reader, const TrainingSet& set, const KernelSolver& solver);
/// The same of the set's landmarks, with a fit over them.
void add_landmarks(Model& model, const FeatureReader& reader, const TrainingSet& set, const Fit& fit);

}  // namespace pool3::training
