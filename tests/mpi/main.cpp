// Runs GoogleTest on every rank; the program fails if a test failed on any rank. Only the root prints passes.

#include <gtest/gtest.h>

#include "pool3/mpi.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const pool3::MpiSession session(argc, argv);
  const pool3::Communicator comm = pool3::Communicator::world();
  if (!comm.is_root()) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new testing::EmptyTestEventListener);
  }
  const int result = RUN_ALL_TESTS();
  if (result != 0) {
    const auto* unit = testing::UnitTest::GetInstance();
    for (int i = 0; i < unit->total_test_suite_count(); ++i) {
      const auto* suite = unit->GetTestSuite(i);
      for (int j = 0; j < suite->total_test_count(); ++j) {
        const auto* info = suite->GetTestInfo(j);
        if (info->result()->Failed())
          for (int k = 0; k < info->result()->total_part_count(); ++k)
            fprintf(stderr, "rank %d: %s.%s: %s\n", comm.rank(), suite->name(), info->name(),
                    info->result()->GetTestPartResult(k).message());
      }
    }
  }
  return comm.sum(std::int64_t{result}) == 0 ? 0 : 1;
}
