#include "command.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace pool3::jobs {
namespace {

using testing::HasSubstr;

const CommandEntry& entry_of(const std::string& name) {
  return *std::ranges::find(commands(), name, &CommandEntry::name);
}

std::set<std::string> flags_that_change_rows(const std::string& name) {
  OptionParser parser(name, "");
  const auto command = entry_of(name).make();
  command->declare(parser);
  return parser.names_that_change_rows();
}

TEST(Registry, EachCommandOnceAndWithASummary) {
  std::set<std::string> names;
  for (const CommandEntry& entry : commands()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_TRUE(entry.summary.ends_with(".")) << entry.name;
    EXPECT_THAT(overview(), HasSubstr("\n  " + entry.name + "  "));
    EXPECT_THAT(overview(), HasSubstr("  " + entry.summary + "\n"));
  }
  EXPECT_GE(names.size(), 17U);
}

TEST(Registry, EachCommandHasAHelpWithoutRoundingErrors) {
  for (const CommandEntry& entry : commands()) {
    const std::string help = help_of(entry);
    EXPECT_TRUE(help.starts_with("Usage: pool3 " + entry.name + " [flags]")) << help;
    EXPECT_THAT(help, HasSubstr("\n\n" + entry.summary + "\n\n"));
    EXPECT_THAT(help, HasSubstr("  --help  "));
    EXPECT_THAT(help, testing::Not(testing::ContainsRegex("[0-9]\\.[0-9]*(000000|999999)")));
  }
}

// Files carry these, and a job resumes if they are the same: a flag that comes or goes here makes files of another job.
TEST(Registry, FlagsThatFilesCarry) {
  const std::set<std::string> extract = {"batch",      "classes",        "corpus",
                                         "device",     "dtype",          "labels",
                                         "precision",  "fast-decode",    "ignore-orientation",
                                         "weights",    "profile",        "limit-per-class",
                                         "max-pixels", "min-per-class",  "path-column",
                                         "path-root",  "several-labels", "label-column"};
  const std::set<std::string> training = {"loss",        "bias",
                                          "tolerance",   "max-epochs",
                                          "max-seconds", "test-fraction",
                                          "seed",        "class-weight",
                                          "row-weights", "no-centering",
                                          "C",           "probability-folds",
                                          "split",       "folds-from",
                                          "kernel",      "gamma",
                                          "multiclass",  "solver",
                                          "split-from",  "test-rows",
                                          "groups-from", "group-near-copies",
                                          "landmarks"};
  const auto with = [](std::set<std::string> flags, const std::set<std::string>& others) {
    flags.insert(others.begin(), others.end());
    return flags;
  };
  EXPECT_EQ(flags_that_change_rows("extract"), extract);
  EXPECT_EQ(flags_that_change_rows("train"), with(training, {"features"}));
  EXPECT_EQ(flags_that_change_rows("search"), with(training, {"features", "folds", "groups", "search-tolerance",
                                                              "scoring", "choose", "extend", "halving"}));
  EXPECT_EQ(flags_that_change_rows("run"), with(with(extract, training), {"folds", "groups", "search-tolerance",
                                                                          "scoring", "choose", "extend", "halving"}));
}

}  // namespace
}  // namespace pool3::jobs
