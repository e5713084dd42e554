// What is tested works through communicators: this program starts MPI alone, with one rank.

#include "support/mpi_environment.hpp"

namespace {

[[maybe_unused]] const auto* const mpi = testing::AddGlobalTestEnvironment(new pool3::test::MpiEnvironment);

}  // namespace
