#include "console/flags/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "console/flags/ini.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::jobs {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// A subcommand with a flag of each kind.
struct Sample {
  OptionParser parser{"bake", "Bakes bread."};
  std::string out, flour;
  double heat = -1;
  int loaves = -1;
  std::int64_t grains = -1;
  std::uint64_t seed = 0;
  bool salted = true, quick = true;
  std::vector<double> minutes;
  std::vector<std::string> seeds;

  Sample() {
    parser.add_required("out", out, "where the bread goes", Changes::file);
    parser.group("Dough");
    parser.add("flour", flour, "wheat or rye", std::string("wheat"), Changes::content);
    parser.add("grains", grains, "in one loaf", std::int64_t{5'000'000'000});
    parser.add("seed", seed, "of chance", std::uint64_t{42});
    parser.add_switch("salted", salted, "with salt");
    parser.add_list("seeds", seeds, "on top");
    parser.group("Oven");
    parser.add("heat", heat, "of the oven", 0.2, Changes::content);
    parser.add_numbers("minutes", minutes, "to try", "0.1 1 10");
    parser.add("loaves", loaves, "at once", 3, Changes::nothing);
    parser.add_switch("quick", quick, "bakes faster", Changes::nothing);
  }

  void parse(std::vector<std::string> arguments, const std::set<std::string>& elsewhere = {}) {
    arguments.insert(arguments.begin(), {"--out", "o", "--seeds", "poppy"});
    parser.parse(arguments, elsewhere);
  }
  /// With these lines as the config file.
  void parse_file(const std::string& lines, std::vector<std::string> arguments = {},
                  const std::set<std::string>& elsewhere = {}) {
    arguments.insert(arguments.end(), {"--config", folder.write("bake.ini", lines)});
    parse(std::move(arguments), elsewhere);
  }
  [[nodiscard]] nlohmann::json resolved() const { return nlohmann::json::parse(parser.resolved()); }

  test::TemporaryFolder folder;
};

std::string cause_of(const std::function<void()>& action) {
  const test::Caught error = error_of(action);
  EXPECT_EQ(error.code, ExitCode::usage);
  return error.cause;
}

TEST(Options, DefaultsHoldWhereNothingIsGiven) {
  Sample s;
  s.parse({});
  EXPECT_EQ(s.out, "o");
  EXPECT_EQ(s.flour, "wheat");
  EXPECT_EQ(s.heat, 0.2);
  EXPECT_EQ(s.loaves, 3);
  EXPECT_EQ(s.grains, 5'000'000'000);
  EXPECT_EQ(s.seed, 42U);
  EXPECT_FALSE(s.salted);
  EXPECT_FALSE(s.quick);
  EXPECT_THAT(s.minutes, ElementsAre(0.1, 1, 10));
  EXPECT_THAT(s.seeds, ElementsAre("poppy"));
  EXPECT_EQ(s.parser.log_format(), "text");
  EXPECT_EQ(s.parser.metrics(), "");
  EXPECT_EQ(s.parser.prometheus(), "");
}

TEST(Options, FlagsOnTheCommandLine) {
  Sample s;
  s.parse({"--flour=rye", "--heat", "1e-3", "--salted", "--grains", "7", "--seed", "18446744073709551615", "--metrics",
           "m", "--prometheus", "p", "--log-format", "json"});
  EXPECT_EQ(s.flour, "rye");
  EXPECT_EQ(s.heat, 1e-3);
  EXPECT_TRUE(s.salted);
  EXPECT_EQ(s.grains, 7);
  EXPECT_EQ(s.seed, 18446744073709551615U);
  EXPECT_EQ(s.parser.metrics(), "m");
  EXPECT_EQ(s.parser.prometheus(), "p");
  EXPECT_EQ(s.parser.log_format(), "json");
}

TEST(Options, APathThatIsEmptyIsRefused) {
  Sample s;
  s.parser.reads("flour");
  EXPECT_EQ(cause_of([&] { s.parse({"--flour", ""}); }), "--flour is given an empty text");
  EXPECT_EQ(cause_of([] { Sample().parse({"--seeds", "oat", ""}); }), "--seeds is given an empty text");
}

TEST(Options, NumbersAreSeparatedByBlanksOrCommas) {
  for (const std::vector<std::string>& given : std::vector<std::vector<std::string>>{
           {"--minutes", "0.5", "2"}, {"--minutes", "0.5,2"}, {"--minutes", "0.5, 2"}, {"--minutes=0.5 2"}}) {
    Sample s;
    s.parse(given);
    EXPECT_THAT(s.minutes, ElementsAre(0.5, 2)) << given[0];
  }
  EXPECT_THAT(cause_of([] { Sample().parse({"--minutes", "1,two"}); }), HasSubstr("--minutes: 'two' is not a number"));
  EXPECT_THAT(cause_of([] { Sample().parse({"--minutes", "1x"}); }), HasSubstr("'1x' is not a number"));
}

TEST(Options, LogspaceIsFromOneEndToTheOtherInEqualFactors) {
  Sample s;
  s.parse({"--minutes", "logspace:0.01:100:5,7"});
  EXPECT_THAT(s.minutes, ElementsAre(0.01, 0.1, 1, 10, 100, 7));
  for (const char* const wrong :
       {"logspace:0:1:3", "logspace:1:1:3", "logspace:1:10:1", "logspace:1:10:3x", "logspace:1:10"})
    EXPECT_THAT(cause_of([&] { Sample().parse({"--minutes", wrong}); }), HasSubstr("is not a number"));
}

TEST(Options, WordsAreSeparatedByBlanksOrCommas) {
  EXPECT_THAT(words_of({"a", "b,c", " d  e,"}), ElementsAre("a", "b", "c", "d", "e"));
}

TEST(Options, ListsGrowWithEachFlag) {
  Sample s;
  s.parse({"--seeds", "sesame", "flax", "--loaves", "1", "--seeds", "pumpkin"});
  EXPECT_THAT(s.seeds, ElementsAre("poppy", "sesame", "flax", "pumpkin"));
}

TEST(Options, WrongFlagsAreUsageErrors) {
  EXPECT_THAT(cause_of([] {
                Sample().parse({"--lowves", "1"});
              }),
              testing::StrEq("there is no flag --lowves; did you mean --loaves?"));
  EXPECT_THAT(cause_of([] {
                Sample().parse({"--loav", "1"});
              }),
              testing::StrEq("there is no flag --loav; did you mean --loaves?"));
  EXPECT_THAT(cause_of([] { Sample().parse({"--loaves", "many"}); }), HasSubstr("many"));
  EXPECT_THAT(cause_of([] { Sample().parse({"--loaves"}); }), HasSubstr("loaves"));
  EXPECT_THAT(cause_of([] { Sample().parse({"--heat", "1", "--heat", "2"}); }), HasSubstr("heat"));
  EXPECT_THAT(cause_of([] {
                Sample().parse({"--loaves", "1", "stray"});
              }),
              testing::StrEq("'stray' belongs to no flag: --loaves takes one value"));
  EXPECT_EQ(cause_of([] {
              Sample().parse({"--salted", "stray"});
            }),
            "'stray' belongs to no flag: --salted takes no value");
  EXPECT_EQ(cause_of([] { Sample().parse({"--xyzzy", "1"}); }), "there is no flag --xyzzy");
  EXPECT_EQ(cause_of([] { Sample().parse({"-heat", "1"}); }), "there is no flag -heat; did you mean --heat?");
  EXPECT_THAT(cause_of([] { Sample().parse({"--log-format", "xml"}); }), "--log-format must be text or json");
  EXPECT_EQ(error_of([] { Sample().parse({"--lowves", "1"}); }).advice, "see pool3 bake --help");
}

TEST(Options, RequiredFlagsMustBeGiven) {
  Sample s;
  EXPECT_EQ(cause_of([&] { s.parser.parse({"--seeds", "poppy"}, {}); }), "--out is missing");
  EXPECT_EQ(cause_of([&] { s.parser.parse({"--out", "o"}, {}); }), "--seeds is missing");
}

TEST(Options, ArgumentsWithoutAFlag) {
  std::vector<std::string> files;
  bool json = false;
  OptionParser parser("look", "Looks.");
  parser.take_arguments("FILE", files, "what to look at");
  parser.add_switch("json", json, "one line a file", Changes::nothing);
  EXPECT_EQ(cause_of([&] { parser.parse({"--json"}, {}); }), "no FILE given");
  parser.parse({"a", "--json", "b"}, {});
  EXPECT_THAT(files, ElementsAre("a", "b"));
  EXPECT_TRUE(json);
  EXPECT_EQ(parser.resolved(), R"({"command":"look"})");
  EXPECT_THAT(parser.help(), HasSubstr("Usage: pool3 look [flags] FILE...\n"));
  EXPECT_THAT(parser.help(), HasSubstr("Arguments:\n  FILE  "));
}

TEST(Options, WordsWithoutAFlagForOneThatHasAName) {
  std::string dough;
  std::vector<std::string> seeds;
  const auto parser_of = [&](const std::string& name) {
    auto parser = std::make_unique<OptionParser>("bake", "Bakes.");
    parser->add_required("dough", dough, "what to bake");
    parser->add_list("seeds", seeds, "on top");
    parser->take_without_flag(name);
    return parser;
  };
  parser_of("dough")->parse({"rye", "--seeds", "poppy"}, {});
  EXPECT_EQ(dough, "rye");
  EXPECT_EQ(cause_of([&] {
              parser_of("dough")->parse({"rye", "wheat", "--seeds", "poppy"}, {});
            }),
            "'wheat' belongs to no flag");
  EXPECT_EQ(cause_of([&] { parser_of("dough")->parse({"--seeds", "poppy"}, {}); }), "--dough is missing");
  const auto list = parser_of("seeds");
  list->parse({"poppy", "--dough", "rye", "sesame"}, {});
  EXPECT_THAT(seeds, ElementsAre("poppy", "sesame"));
  EXPECT_EQ(list->resolved(), R"({"command":"bake","dough":"rye","seeds":["poppy","sesame"]})");
  EXPECT_THAT(list->help(), HasSubstr("Usage: pool3 bake [flags] [SEEDS...]\n"));
  EXPECT_THAT(parser_of("dough")->help(), HasSubstr("Usage: pool3 bake [flags] [DOUGH]\n"));
}

TEST(ConfigFile, FlagsOnTheCommandLineWin) {
  Sample s;
  s.parse_file("heat = 3\nflour = rye\nsalted = true\nminutes = 4 5\n", {"--heat", "2"});
  EXPECT_EQ(s.heat, 2);
  EXPECT_EQ(s.flour, "rye");
  EXPECT_TRUE(s.salted);
  EXPECT_THAT(s.minutes, ElementsAre(4, 5));
}

TEST(ConfigFile, TheSectionOfTheCommandWins) {
  Sample s;
  s.parse_file("heat = 3\nloaves = 8\n[bake]\nheat = 4\n[boil]\nheat = 5\nloaves = 6\n");
  EXPECT_EQ(s.heat, 4);
  EXPECT_EQ(s.loaves, 8);
}

TEST(ConfigFile, ListsHaveALineForEachText) {
  Sample s;
  s.parser.parse({"--config", s.folder.write("bake.ini", "seeds = flax, ground\nout = x\nseeds = sesame\n")}, {});
  EXPECT_THAT(s.seeds, ElementsAre("flax, ground", "sesame"));
  EXPECT_EQ(s.out, "x");
}

TEST(ConfigFile, FlagsOfOtherCommandsAreLeftAlone) {
  Sample s;
  s.parse_file("water = 3\nheat = 4\n", {}, {"water"});
  EXPECT_EQ(s.heat, 4);
  EXPECT_EQ(s.resolved().count("water"), 0U);
}

TEST(ConfigFile, WrongFilesAreUsageErrors) {
  EXPECT_THAT(cause_of([] { Sample().parse_file("watr = 3\n", {}, {"water"}); }), HasSubstr("there is no flag 'watr'"));
  EXPECT_THAT(cause_of([] { Sample().parse_file("loaves = many\n"); }), HasSubstr("many"));
  EXPECT_THAT(cause_of([] {
                Sample().parse({"--config", "/nowhere/bake.ini"});
              }),
              "--config /nowhere/bake.ini: No such file or directory");
  EXPECT_EQ(cause_of([] { Sample().parse({"--config", "/"}); }), "--config /: is a folder");
  EXPECT_THAT(cause_of([] { Sample().parse_file("heat = 3\nno flag\n"); }),
              HasSubstr("bake.ini:2: 'no flag' is not a line like flag = value"));
}

TEST(ConfigFile, ACommentFollowsABlank) {
  const auto lines = parse_ini("#a\n  # b\nx = c#d # e\r\ny=#f\nz = \n[t]\t#g\nq = a=b\n", "bake.ini");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].value, "c#d");
  EXPECT_EQ(lines[0].number, 3);
  EXPECT_EQ(lines[1].value, "#f");
  EXPECT_EQ(lines[2].value, "");
  EXPECT_EQ(lines[3].section, "t");
  EXPECT_EQ(lines[3].value, "a=b");
  EXPECT_EQ(parse_ini("\xEF\xBB\xBFt.x = 1", "bake.ini")[0].section, "t");
}

TEST(Resolved, HoldsWhatChangesRowsAlone) {
  Sample s;
  s.parse({"--flour", "rye", "--loaves", "9", "--quick", "--metrics", "m", "--log-format", "json"});
  EXPECT_EQ(s.parser.resolved(),
            R"({"command":"bake","flour":"rye","grains":5000000000,"heat":0.2,"minutes":[0.1,1.0,10.0],)"
            R"("salted":false,"seed":42,"seeds":["poppy"]})");
}

TEST(Resolved, IsTheSameHoweverAFlagCame) {
  Sample flags, file;
  flags.parse({"--heat", "3", "--salted", "--minutes", "1,2"});
  file.parse_file("heat = 3.0\nsalted = true\nminutes = 1 2\nloaves = 7\n");
  EXPECT_EQ(flags.parser.resolved(), file.parser.resolved());
}

TEST(Resolved, LongListsAreCutShort) {
  const std::vector<std::string> words(5000, "a-folder");
  const std::vector<std::string> few = in_short(words);
  EXPECT_EQ(few.size(), 16384 / 9 + 1);
  EXPECT_EQ(few.back(), "... (5000 in all)");
  EXPECT_THAT(in_short({"a", "b"}), ElementsAre("a", "b"));
}

TEST(Changes, TellsFlagsApart) {
  const Sample s;
  EXPECT_THAT(s.parser.names_that_change_rows(),
              ElementsAre("flour", "grains", "heat", "minutes", "salted", "seed", "seeds"));
  EXPECT_THAT(s.parser.names(Changes::rows), ElementsAre("grains", "minutes", "salted", "seed", "seeds"));
  EXPECT_THAT(s.parser.names(Changes::content), ElementsAre("flour", "heat"));
  EXPECT_THAT(s.parser.names(Changes::file), ElementsAre("out"));
  EXPECT_THAT(s.parser.names(Changes::nothing),
              ElementsAre("config", "help", "loaves", "log-format", "metrics", "prometheus", "quick"));
  EXPECT_EQ(s.parser.names().size(), 15U);
}

TEST(Help, GroupsStandInTheOrderOfTheirFirstFlag) {
  Sample s;
  std::string late;
  s.parser.group("Dough");
  s.parser.add("yeast", late, "dry or fresh", std::string());
  EXPECT_EQ(s.parser.help(),
            "Usage: pool3 bake [flags]\n"
            "\n"
            "Bakes bread.\n"
            "\n"
            "Flags:\n"
            "  --out arg                   where the bread goes\n"
            "\n"
            "Dough:\n"
            "  --flour arg (=wheat)        wheat or rye\n"
            "  --grains arg (=5000000000)  in one loaf\n"
            "  --seed arg (=42)            of chance\n"
            "  --salted                    with salt\n"
            "  --seeds arg                 on top\n"
            "  --yeast arg                 dry or fresh\n"
            "\n"
            "Oven:\n"
            "  --heat arg (=0.2)           of the oven\n"
            "  --minutes arg (=0.1 1 10)   to try\n"
            "  --loaves arg (=3)           at once\n"
            "  --quick                     bakes faster\n"
            "\n"
            "Common flags:\n"
            "  --log-format arg (=text)    text or json\n"
            "  --metrics arg               folder that gets rank-N.jsonl: progress, and what each rank does\n"
            "  --prometheus arg            text file for node exporter: images done, failed, rate, ETA, stage\n"
            "  --config arg                ini file of flags; flags given here override it\n"
            "  --help                      print this; also -h\n");
}

TEST(Help, NumbersInTheShortestFormThatReadsBack) {
  for (const auto& [value, text] : std::vector<std::pair<double, std::string>>{
           {0.2, "0.2"}, {1.0, "1"}, {1e-4, "0.0001"}, {1e-7, "1e-07"}, {1.0 / 3, "0.3333333333333333"}, {-1, "-1"}}) {
    double ignored = 0;
    OptionParser parser("bake", "");
    parser.add("heat", ignored, "of the oven", value);
    EXPECT_THAT(parser.help(), HasSubstr("--heat arg (=" + text + ")  "));
    EXPECT_EQ(std::stod(text), value);
  }
}

TEST(Help, LongTextsAreWrapped) {
  const std::string text = help_text("x", "y", {{"Flags", {{"--a", std::string(200, 'w') + " b"}, {"--bc", ""}}}});
  EXPECT_EQ(text, "Usage: x\n\ny\n\nFlags:\n  --a   " + std::string(200, 'w') + "\n        b\n  --bc\n");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "word ";
  std::istringstream lines(help_text("x", "y", {{"Flags", {{"--flag arg", many}}}}));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 100U);
    EXPECT_THAT(line, Not(testing::EndsWith(" ")));
  }
}

}  // namespace
}  // namespace pool3::jobs
