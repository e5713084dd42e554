#pragma once
// The products of all ranks' rows with each other. Another kernel is another function of them: it goes here.

#include "svm/algebra/matrix.hpp"
#include "svm/model/objective.hpp"

namespace pool3::svm {

/// x x^T + bias^2 of the rows of all ranks, [rows, rows]; this rank's own begin at `first`. Each rank computes its own
/// rows of it. Collective.
template <typename Real>
[[nodiscard]] Matrix<Real> gram_matrix(const Objective& objective, std::int64_t rows, std::int64_t first);

/// f = gram u of each row u of the first: [columns, rows]. Not collective.
template <typename Real>
[[nodiscard]] Matrix<Real> gram_products(const Matrix<Real>& u, const Matrix<Real>& gram);

}  // namespace pool3::svm
