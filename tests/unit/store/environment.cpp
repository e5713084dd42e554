// The store works through communicators: this program starts MPI alone, with one rank.

#include <gtest/gtest.h>

#include <optional>

#include "pool3/mpi.hpp"

namespace pool3 {
namespace {

class MpiEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    static int argc = 0;
    static char** argv = nullptr;
    session_.emplace(argc, argv);
  }
  void TearDown() override { session_.reset(); }

 private:
  std::optional<MpiSession> session_;
};

[[maybe_unused]] const testing::Environment* const environment = testing::AddGlobalTestEnvironment(new MpiEnvironment);

}  // namespace
}  // namespace pool3
