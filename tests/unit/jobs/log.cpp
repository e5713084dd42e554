#include "console/log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/jobs/fake_clock.hpp"

namespace pool3::jobs {
namespace {

using test::FakeClock;
using test::Written;

TEST(Log, TextLinesHaveTheTimeOfDayAndNoFields) {
  FakeClock clock;
  Written written;
  Log log(true, false, nullptr, written.target(clock));
  log.line("train", "12 rows", {{"rows", "12"}});
  clock.pass(60);
  log.line("evaluate", "done");
  EXPECT_EQ(written.text(), "22:13:20 train: 12 rows\n22:14:20 evaluate: done\n");
}

TEST(Log, JsonLinesHaveFieldsInOrderAndNumbersAsNumbers) {
  FakeClock clock;
  Written written;
  Log log(true, true, nullptr, written.target(clock));
  log.line("train", "a \"quoted\"\nmessage",
           {{"rows", "12"}, {"gap", "3.2e-05"}, {"name", "twelve"}, {"odd", "true"}, {"empty", ""}});
  EXPECT_EQ(written.text(), R"({"time":"2023-11-14T22:13:20+0000","stage":"train","message":"a \"quoted\"\nmessage",)"
                            R"("rows":12,"gap":3.2e-05,"name":"twelve","odd":"true","empty":""})"
                            "\n");
}

TEST(Log, JsonStaysValidWithBytesThatAreNoText) {
  FakeClock clock;
  Written written;
  Log log(true, true, nullptr, written.target(clock));
  log.line("extract", "caf\xe9.jpg");
  EXPECT_EQ(nlohmann::json::parse(written.text())["message"], R"(caf\xe9.jpg)");
}

TEST(Log, TimesAreLocal) {
  FakeClock clock;
  Written written;
  FakeClock::set_time_zone("EST+5");
  Log(true, true, nullptr, written.target(clock)).line("a", "b");
  EXPECT_EQ(nlohmann::json::parse(written.text())["time"], "2023-11-14T17:13:20-0500");
}

TEST(Log, OtherRanksAreSilent) {
  FakeClock clock;
  Written written;
  Log log(false, false, nullptr, written.target(clock, true));
  log.line("train", "12 rows");
  log.draw("half");
  log.erase_drawn();
  EXPECT_EQ(written.text(), "");
}

TEST(Log, ALineEndsTheDrawnOne) {
  FakeClock clock;
  Written written;
  Log log(true, false, nullptr, written.target(clock, true));
  EXPECT_TRUE(log.redraws());
  log.draw("one");
  log.draw("two");
  log.line("a", "b");
  log.line("a", "c");
  log.draw("three");
  log.erase_drawn();
  log.erase_drawn();
  log.line("a", "d");
  EXPECT_EQ(written.text(),
            "\r\033[Kone\r\033[Ktwo\n22:13:20 a: b\n22:13:20 a: c\n\r\033[Kthree\r\033[K22:13:20 a: d\n");
}

TEST(Log, JsonIsNeverRedrawn) {
  FakeClock clock;
  Written written;
  EXPECT_FALSE(Log(true, true, nullptr, written.target(clock, true)).redraws());
  EXPECT_FALSE(Log(true, false, nullptr, written.target(clock, false)).redraws());
}

}  // namespace
}  // namespace pool3::jobs
