#include "baselines/cnn/training_state.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "support/temporary_folder.hpp"

namespace pool3::baselines {
namespace {

TrainingState state_of(std::int64_t epoch) {
  return {.parameters = {1, -2},
          .mean = {0, 0.5F},
          .square = {0, 0.25F},
          .best = {1, 2},
          .best_loss = 0.75,
          .epoch = epoch,
          .steps = 4 * epoch};
}

TEST(Checkpoint, ComesBackToTheSameTraining) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder;
  const Checkpoint mine(comm, folder / "b.json.cnn", "this one\n");
  TrainingState state = state_of(0);
  EXPECT_FALSE(mine.recall(state));
  mine.keep(state_of(3));
  EXPECT_TRUE(mine.recall(state));
  EXPECT_EQ(state.epoch, 3);
  EXPECT_EQ(state.best, state_of(3).best);
  EXPECT_FALSE(Checkpoint(comm, folder / "b.json.cnn", "other one\n").recall(state));
  TrainingState larger = state_of(0);
  larger.best.push_back(0);
  EXPECT_FALSE(mine.recall(larger));
}

TEST(Checkpoint, WithNumbersThatNoTrainingLeavesDoesNotCount) {
  const Communicator comm = Communicator::world();
  const test::TemporaryFolder folder;
  const Checkpoint mine(comm, folder / "b.json.cnn", "this one\n");
  const std::vector<std::function<void(TrainingState&)>> changes = {
      [](auto& s) { s.epoch = std::numeric_limits<std::int64_t>::min(); },
      [](auto& s) { s.steps = -1; },
      [](auto& s) { s.best_epoch = 9; },
      [](auto& s) { s.parameters[1] = NAN; },
      [](auto& s) { s.best[0] = INFINITY; },
      [](auto& s) { s.square[1] = -1; },
      [](auto& s) { s.best_loss = NAN; }};
  for (const auto& change : changes) {
    TrainingState damaged = state_of(3), state = state_of(0);
    change(damaged);
    mine.keep(damaged);
    EXPECT_FALSE(mine.recall(state));
    EXPECT_EQ(state.epoch, 0);
  }
}

}  // namespace
}  // namespace pool3::baselines
