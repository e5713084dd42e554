#include "console/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "support/slurp.hpp"
#include "support/temporary_folder.hpp"
#include "unit/jobs/fake_clock.hpp"

namespace pool3::jobs {
namespace {

using nlohmann::json;
using pool3::test::slurp;
using pool3::test::TemporaryFolder;
using test::FakeClock;

/// A sample of Prometheus' text format: labels and value.
struct Sample {
  std::map<std::string, std::string> labels;
  double value;
};

std::map<std::string, std::string> parse_labels(const std::string& text) {
  // https://prometheus.io/docs/instrumenting/exposition_formats: a value escapes \, " and the end of a line.
  static const std::regex label(R"re(([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$))re");
  std::map<std::string, std::string> labels;
  std::size_t used = 0;
  for (std::sregex_iterator i(text.begin(), text.end(), label), end; i != end; ++i) {
    labels[(*i)[1]] = std::regex_replace((*i)[2].str(), std::regex(R"re(\\(["\\]))re"), "$1");
    used += static_cast<std::size_t>(i->length());
  }
  EXPECT_EQ(used, text.size()) << text;
  return labels;
}

/// All samples of a file by name. Each metric must have its help and type in front, once, and end in a newline.
std::map<std::string, Sample> parse_exposition(const std::string& text) {
  static const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\\n]+"), type("# TYPE (\\S+) gauge"),
      sample(R"re(([a-zA-Z_:][a-zA-Z0-9_:]*)\{(.*)\} (\S+))re");
  std::map<std::string, Sample> samples;
  std::set<std::string> helped, typed;
  EXPECT_TRUE(text.ends_with("\n"));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::smatch match;
    if (std::regex_match(line, match, help)) {
      EXPECT_TRUE(helped.insert(match[1]).second) << line;
    } else if (std::regex_match(line, match, type)) {
      EXPECT_TRUE(typed.insert(match[1]).second) << line;
    } else if (std::regex_match(line, match, sample)) {
      EXPECT_TRUE(helped.count(match[1]) == 1 && typed.count(match[1]) == 1) << line;
      EXPECT_TRUE(samples.emplace(match[1], Sample{parse_labels(match[2]), std::stod(match[3])}).second) << line;
    } else {
      ADD_FAILURE() << line;
    }
  }
  EXPECT_EQ(samples.size(), typed.size());
  return samples;
}

struct MetricsTest : testing::Test {
  FakeClock clock;
  TemporaryFolder folder;
  std::string prometheus = folder / "pool3.prom";

  MetricsTest() { setenv("SLURM_JOB_ID", "4711", 1); }
  ~MetricsTest() override { unsetenv("SLURM_JOB_ID"); }
  MetricsTest(const MetricsTest&) = delete;
  MetricsTest& operator=(const MetricsTest&) = delete;

  [[nodiscard]] std::map<std::string, Sample> samples() const { return parse_exposition(slurp(prometheus)); }
  [[nodiscard]] std::vector<json> lines(const std::string& name) const {
    std::vector<json> all;
    std::istringstream text(slurp(folder / name));
    for (std::string line; std::getline(text, line);) all.push_back(json::parse(line));
    return all;
  }
};

const StageProgress halfway{.stage = "extract",
                            .note = "",
                            .done = 123'456'789,
                            .total = 250'000'000,
                            .failed = 12,
                            .rate = 1234.5,
                            .eta_seconds = 102'506.04,
                            .elapsed_seconds = 100'005.5};

TEST_F(MetricsTest, PrometheusFileWhileAJobRuns) {
  Metrics metrics("", prometheus, "run", 0, clock.clock());
  metrics.progress(halfway);
  const auto s = samples();
  EXPECT_EQ(s.at("pool3_images_done").value, 123'456'789);
  EXPECT_EQ(s.at("pool3_images").value, 250'000'000);
  EXPECT_EQ(s.at("pool3_images_failed").value, 12);
  EXPECT_EQ(s.at("pool3_images_per_second").value, 1234.5);
  EXPECT_EQ(s.at("pool3_eta_seconds").value, 102'506.04);
  EXPECT_EQ(s.at("pool3_stage").value, 1);
  EXPECT_EQ(s.at("pool3_stage").labels,
            (std::map<std::string, std::string>{{"command", "run"}, {"job", "4711"}, {"stage", "extract"}}));
  EXPECT_EQ(s.at("pool3_stage_seconds").value, 100'005.5);
  EXPECT_EQ(s.at("pool3_updated_timestamp_seconds").value, 1'700'000'000);
  EXPECT_EQ(s.at("pool3_ended").value, 0);
  EXPECT_EQ(s.count("pool3_exit_code"), 0U);
  EXPECT_EQ(s.at("pool3_images").labels, (std::map<std::string, std::string>{{"command", "run"}, {"job", "4711"}}));
  EXPECT_EQ(slurp(prometheus).substr(0, slurp(prometheus).find('\n', 130) + 1),
            "# HELP pool3_images_done Pictures done, by earlier lives of the job too.\n"
            "# TYPE pool3_images_done gauge\n"
            "pool3_images_done{command=\"run\",job=\"4711\"} 123456789\n");
}

TEST_F(MetricsTest, PrometheusKeepsTheCountsOfAnEarlierStage) {
  Metrics metrics("", prometheus, "run", 0, clock.clock());
  metrics.progress(halfway);
  metrics.progress({.stage = "train", .note = "pass 3", .elapsed_seconds = 7});
  EXPECT_EQ(samples().at("pool3_stage").labels.at("stage"), "train");
  EXPECT_EQ(samples().at("pool3_images_done").value, 123'456'789);
  EXPECT_EQ(samples().at("pool3_stage_seconds").value, 7);
}

TEST_F(MetricsTest, PrometheusFileOfAJobThatEnded) {
  Metrics metrics("", prometheus, "run", 0, clock.clock());
  metrics.progress(halfway);
  clock.pass(10);
  metrics.end(75);
  EXPECT_EQ(samples().at("pool3_stage").value, 0);
  EXPECT_EQ(samples().at("pool3_eta_seconds").value, 0);
  EXPECT_EQ(samples().at("pool3_ended").value, 1);
  EXPECT_EQ(samples().at("pool3_exit_code").value, 75);
  EXPECT_EQ(samples().at("pool3_updated_timestamp_seconds").value, 1'700'000'010);
}

TEST_F(MetricsTest, NoRateNoTimeLeft) {
  Metrics metrics(folder.path(), prometheus, "extract", 0, clock.clock());
  metrics.progress({.stage = "extract", .done = 0, .total = 10, .eta_seconds = -1});
  EXPECT_EQ(samples().count("pool3_eta_seconds"), 0U);
  EXPECT_EQ(samples().at("pool3_images_done").value, 0);
  EXPECT_TRUE(lines("rank-0.jsonl").at(0).at("eta_seconds").is_null());
}

TEST_F(MetricsTest, LabelsAreEscaped) {
  setenv("SLURM_JOB_ID", R"(4"7\1)", 1);
  Metrics metrics("", prometheus, "run\nthis", 0, clock.clock());
  metrics.progress(halfway);
  EXPECT_EQ(samples().at("pool3_images").labels,
            (std::map<std::string, std::string>{{"command", R"(run\nthis)"}, {"job", R"(4"7\1)"}}));
}

TEST_F(MetricsTest, TheFileIsReplacedWhole) {
  Metrics metrics("", prometheus, "run", 0, clock.clock());
  metrics.progress(halfway);
  metrics.progress(halfway);
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    names.push_back(entry.path().filename().string());
  EXPECT_THAT(names, testing::ElementsAre("pool3.prom"));
}

TEST_F(MetricsTest, JsonLinesOfARank) {
  Metrics metrics(folder / "new/folder", "", "extract", 3, clock.clock());
  metrics.own("extract", {{"images", 12}, {"read_seconds", 0.25}});
  clock.pass(5);
  metrics.progress({.stage = "train", .note = "pass 3", .elapsed_seconds = 7.5});
  metrics.end(1);
  EXPECT_EQ(slurp(folder / "new/folder/rank-3.jsonl"),
            R"({"time":1700000000,"command":"extract","job":"4711","rank":3,"stage":"extract","kind":"rank",)"
            R"("images":12.0,"read_seconds":0.25})"
            "\n"
            R"({"time":1700000005,"command":"extract","job":"4711","rank":3,"stage":"train","kind":"progress",)"
            R"("note":"pass 3","elapsed_seconds":7.5})"
            "\n"
            R"({"time":1700000005,"command":"extract","job":"4711","rank":3,"kind":"end","exit_code":1})"
            "\n");
}

TEST_F(MetricsTest, SaysWhereNumbersCanNotBeWritten) {
  EXPECT_EQ(Metrics(folder / "new", prometheus, "run", 0, clock.clock()).fault(), "");
  EXPECT_THAT(Metrics("", folder / "none/a.prom", "run", 0, clock.clock()).fault(), testing::HasSubstr("none/a.prom"));
  EXPECT_THAT(Metrics("/dev/null/x", "", "run", 0, clock.clock()).fault(), testing::HasSubstr("/dev/null/x"));
}

TEST_F(MetricsTest, KeepsTheLastLineOfAStage) {
  Metrics metrics("", "", "run", 0, clock.clock());
  metrics.own("extract", {{"images", 1}, {"elapsed_seconds", 1}});
  EXPECT_EQ(metrics.kept(), "");
  metrics.keep();
  metrics.own("extract", {{"images", 2}, {"elapsed_seconds", 2}});
  metrics.progress({.stage = "search", .note = {}, .elapsed_seconds = 3});
  metrics.own("extract", {{"images", 9}, {"elapsed_seconds", 4}});
  metrics.own("extract", {{"images", 5}, {"elapsed_seconds", 1}});  // anew
  const std::string kept = metrics.kept();
  EXPECT_EQ(std::ranges::count(kept, '\n'), 3);
  EXPECT_THAT(kept, testing::Not(testing::HasSubstr("\"images\":2")));
  for (const char* part : {"\"images\":9", "\"images\":5", R"("stage":"search")"})
    EXPECT_THAT(kept, testing::HasSubstr(part));
}

TEST_F(MetricsTest, LinesAreAsFineAsTheClock) {
  Clock fine = clock.clock();
  fine.wall_seconds = [] { return 1700000000.1234; };
  Metrics metrics(folder / "fine", "", "extract", 0, fine);
  metrics.end(0);
  EXPECT_THAT(slurp(folder / "fine/rank-0.jsonl"), testing::HasSubstr("\"at\":1700000000.123,"));
}

TEST_F(MetricsTest, JsonLinesAreAddedToThoseOfAnEarlierLife) {
  Metrics(folder.path(), "", "extract", 0, clock.clock()).progress(halfway);
  Metrics(folder.path(), "", "extract", 0, clock.clock()).progress(halfway);
  const auto both = lines("rank-0.jsonl");
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0], both[1]);
  EXPECT_EQ(both[0]["eta_seconds"], 102'506.04);
}

TEST_F(MetricsTest, APipeOrALinkInThePlaceOfTheFileKeepsNobodyWaiting) {
  ASSERT_EQ(mkfifo((folder.path() + "/rank-0.jsonl").c_str(), 0666), 0);
  Metrics(folder.path(), "", "extract", 0, clock.clock()).progress(halfway);  // returns
  const std::string other = folder.path() + "/other";
  ASSERT_EQ(symlink(other.c_str(), (folder.path() + "/rank-1.jsonl").c_str()), 0);
  Metrics(folder.path(), "", "extract", 1, clock.clock()).progress(halfway);
  EXPECT_FALSE(std::filesystem::exists(other));
}

TEST_F(MetricsTest, NothingIsWrittenUnlessWanted) {
  Metrics metrics("", "", "extract", 0, clock.clock());
  EXPECT_FALSE(metrics.wanted());
  metrics.progress(halfway);
  metrics.own("extract", {{"images", 12}});
  metrics.end(0);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(MetricsTest, FailingToWriteEndsNothing) {
  Metrics metrics("/proc/nowhere", "/proc/nowhere/pool3.prom", "extract", 0, clock.clock());
  metrics.progress(halfway);
  metrics.own("extract", {{"images", 12}});
  metrics.end(0);
}

TEST_F(MetricsTest, TheClockIsDueEveryFiveSeconds) {
  MetricsClock due(clock.clock());
  EXPECT_TRUE(due.due());
  EXPECT_FALSE(due.due());
  clock.pass(4.9);
  EXPECT_FALSE(due.due());
  clock.pass(0.1);
  EXPECT_TRUE(due.due());
  EXPECT_FALSE(due.due());
}

}  // namespace
}  // namespace pool3::jobs
