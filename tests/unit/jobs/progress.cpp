#include "console/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/slurp.hpp"
#include "support/temporary_folder.hpp"
#include "unit/jobs/fake_clock.hpp"

namespace pool3::jobs {
namespace {

using nlohmann::json;
using pool3::test::slurp;
using pool3::test::TemporaryFolder;
using test::FakeClock;
using test::Written;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::Le;

struct ProgressTest : testing::Test {
  FakeClock clock;
  Written written;
  Log log{true, false, nullptr, written.target(clock)};

  /// When lines come, in seconds since the start, if a stage is looked at each second until `end`.
  std::vector<double> times(Progress& progress, double end, const std::function<std::int64_t(double)>& done) {
    std::vector<double> when;
    for (double t = 1; t <= end; ++t) {
      clock.pass(1);
      const auto before = written.stream.tellp();
      progress.update(done(t));
      if (written.stream.tellp() > before) when.push_back(t);
    }
    return when;
  }
  static std::vector<double> gaps(const std::vector<double>& when) {
    std::vector<double> between;
    for (std::size_t i = 1; i < when.size(); ++i) between.push_back(when[i] - when[i - 1]);
    return between;
  }
};

TEST_F(ProgressTest, CountsWithRateAndTimeLeft) {
  Progress progress(log, "extract", "images", 1000);
  clock.pass(10);
  progress.update(200);
  clock.pass(30);
  progress.update(800, "3 failed");
  clock.pass(10);
  progress.finish(1000);
  EXPECT_THAT(written.lines(), ElementsAre("22:13:30 extract: 200/1000 images, 20.0/s, ETA 0:40",
                                           "22:14:00 extract: 800/1000 images, 20.0/s, ETA 0:10, 3 failed",
                                           "22:14:10 extract: 1000/1000 images, 20.0/s, 0:50"));
}

TEST_F(ProgressTest, WhatWasDoneBeforeDoesNotCountForTheRate) {
  Progress progress(log, "extract", "images", 1000, 600);
  clock.pass(10);
  progress.update(600);
  clock.pass(10);
  progress.update(700);
  EXPECT_THAT(written.lines(), ElementsAre("22:13:30 extract: 600/1000 images, 0.0/s, 0:10",
                                           "22:13:40 extract: 700/1000 images, 5.0/s, ETA 1:00"));
}

TEST_F(ProgressTest, WithoutAUnitItShowsTheNoteAndTheTime) {
  Progress progress(log, "train", "", 0);
  clock.pass(65);
  progress.update(0, "pass 3");
  progress.finish(0);
  EXPECT_THAT(written.lines(), ElementsAre("22:14:25 train: pass 3, 1:05", "22:14:25 train: 1:05"));
}

TEST_F(ProgressTest, JsonHasTheNumbersAsFields) {
  Log json_log(true, true, nullptr, written.target(clock));
  Progress progress(json_log, "extract", "images", 1000);
  clock.pass(8);
  progress.update(200, "a note");
  clock.pass(32);
  progress.finish(1000);
  EXPECT_EQ(json::parse(written.lines().at(0)), (json{{"time", "2023-11-14T22:13:28+0000"},
                                                      {"stage", "extract"},
                                                      {"message", "200/1000 images, 25.0/s, ETA 0:32, a note"},
                                                      {"done", 200},
                                                      {"total", 1000},
                                                      {"rate", 25.0},
                                                      {"eta_seconds", 32},
                                                      {"elapsed_seconds", 8.0}}));
  const json last = json::parse(written.lines().at(1));
  EXPECT_EQ(last["message"], "1000/1000 images, 25.0/s, 0:40");
  EXPECT_FALSE(last.contains("eta_seconds"));
}

TEST_F(ProgressTest, EveryFiveSecondsInTheFirstMinute) {
  Progress progress(log, "extract", "images", 1'000'000);
  EXPECT_THAT(times(progress, 80, [](double t) { return static_cast<std::int64_t>(t); }),
              ElementsAre(5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60));
}

TEST_F(ProgressTest, AnHourHasAboutAHundredLines) {
  Progress progress(log, "extract", "images", 360'000);
  const auto when = times(progress, 3599, [](double t) { return static_cast<std::int64_t>(100 * t); });
  EXPECT_GE(when.size(), 100U);
  EXPECT_LE(when.size(), 115U);
  EXPECT_THAT(gaps({when.begin() + 12, when.end()}), Each(36));  // a percent
}

TEST_F(ProgressTest, ShortJobsHaveALineInThirtySecondsAtMost) {
  Progress progress(log, "extract", "images", 60'000);
  const auto when = times(progress, 600, [](double t) { return static_cast<std::int64_t>(100 * t); });
  EXPECT_EQ(when.size(), 12 + 540 / 30);
  EXPECT_THAT(gaps({when.begin() + 12, when.end()}), Each(30));
}

TEST_F(ProgressTest, LongJobsAreNeverSilentForMoreThanFiveMinutes) {
  Progress progress(log, "extract", "images", 100 * 86'400);
  const auto day = times(progress, 86'400, [](double t) { return static_cast<std::int64_t>(100 * t); });
  EXPECT_THAT(gaps(day), Each(Le(300)));
  EXPECT_LE(day.size(), 12 + 86'400 / 300);
}

TEST_F(ProgressTest, AStageThatStandsStillSaysSo) {
  Progress progress(log, "extract", "images", 1000);
  const auto when = times(progress, 1200, [](double) { return 10; });
  EXPECT_THAT(std::vector<double>(when.begin() + 12, when.end()), ElementsAre(360, 660, 960));
}

TEST_F(ProgressTest, AnHourWithoutAUnitHasNoMoreThan130Lines) {
  Progress progress(log, "train", "", 0);
  const auto when = times(progress, 3600, [](double) { return 0; });
  EXPECT_GE(when.size(), 100U);
  EXPECT_LE(when.size(), 130U);
  EXPECT_THAT(gaps({when.begin() + 12, when.end()}), Each(Ge(30)));
}

TEST_F(ProgressTest, ADayWithoutAUnitIsNeverSilentForMoreThanFiveMinutes) {
  Progress progress(log, "search", "", 0);
  EXPECT_THAT(gaps(times(progress, 86'400, [](double) { return 0; })), Each(Le(300)));
}

TEST_F(ProgressTest, TheLastWordComesAlways) {
  Progress progress(log, "extract", "images", 10);
  progress.finish(10);
  EXPECT_THAT(written.lines(), ElementsAre("22:13:20 extract: 10/10 images, 0.0/s, 0:00"));
}

TEST_F(ProgressTest, OnATerminalALineIsRedrawnAndThenReplaced) {
  Log terminal(true, false, nullptr, written.target(clock, true));
  Progress progress(terminal, "extract", "images", 4);
  clock.pass(0.1);
  progress.update(1);
  EXPECT_EQ(written.text(), "");
  clock.pass(0.4);
  progress.update(1);
  EXPECT_EQ(written.text(), "\r\033[Kextract [#######.......................] 1/4 images, 2.0/s, ETA 0:02");
  written.stream.str("");
  clock.pass(1.5);
  progress.finish(4);
  EXPECT_EQ(written.text(), "\r\033[K22:13:21 extract: 4/4 images, 2.0/s, 0:02\n");
}

TEST_F(ProgressTest, MetricsGetTheNumbersEveryFiveSeconds) {
  const TemporaryFolder folder;
  Metrics metrics(folder.path(), "", "extract", 0, clock.clock());
  Log measured(true, false, &metrics, written.target(clock));
  Progress progress(measured, "extract", "images", 1000, 100);
  progress.failed = 2;
  for (int t = 0; t < 600; ++t) {
    progress.update(100 + t);
    clock.pass(1);
  }
  const std::string text = slurp(folder / "rank-0.jsonl");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 120);
  progress.finish(700);
  const std::string last = slurp(folder / "rank-0.jsonl").substr(text.size());
  EXPECT_EQ(json::parse(last), (json{{"time", 1'700'000'600},
                                     {"command", "extract"},
                                     {"job", ""},
                                     {"rank", 0},
                                     {"stage", "extract"},
                                     {"kind", "progress"},
                                     {"done", 700},
                                     {"total", 1000},
                                     {"failed", 2},
                                     {"rate", 1.0},
                                     {"eta_seconds", 300.0},
                                     {"elapsed_seconds", 600.0}}));
}

}  // namespace
}  // namespace pool3::jobs
