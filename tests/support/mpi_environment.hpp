#pragma once
// MPI for a unit test program: a session of one process.

#include <gtest/gtest.h>

#include <memory>

#include "pool3/mpi.hpp"

namespace pool3::test {

class MpiEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    static int argc = 0;
    static char** argv = nullptr;
    session_ = std::make_unique<MpiSession>(argc, argv);
  }
  void TearDown() override { session_.reset(); }

 private:
  std::unique_ptr<MpiSession> session_;
};

}  // namespace pool3::test
