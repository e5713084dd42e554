#include "setup/path_clashes.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <set>

#include "command.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using ::testing::HasSubstr;

/// Flags with a value that is no path. A new flag belongs here, or gets OptionParser::reads() or writes().
const std::set<std::string> no_paths = {
    "choose",       "class",   "class-weight",   "device",     "dtype",     "format",       "kernel",
    "label-column", "labels",  "listen",         "log-format", "loss",      "max-failures", "metric",
    "multiclass",   "part",    "path-column",    "picture",    "precision", "profile",      "report",
    "rows",         "scoring", "several-labels", "solver",     "split",     "title",
};

/// Parses, with values for flags that must be given.
NamedPaths paths_of(const CommandEntry& entry, std::vector<std::string> arguments) {
  for (;;) {
    OptionParser parser(entry.name, entry.summary);
    const auto command = entry.make();
    command->declare(parser);
    try {
      parser.parse(arguments, {});
      return parser.paths();
    } catch (const Error& error) {
      const std::string cause = error.fields().cause;
      const std::size_t end = cause.find(" is missing");
      if (end == std::string::npos) throw;
      arguments.push_back(cause.substr(0, end) + "=1");
    }
  }
}

class PathClashes : public ::testing::Test {
 protected:
  [[nodiscard]] std::string at(const std::string& name) const { return folder_ / name; }
  test::TemporaryFolder folder_;
};

TEST_F(PathClashes, EveryTextIsAPathOrKnownAsNone) {
  for (const CommandEntry& entry : commands()) {
    OptionParser parser(entry.name, entry.summary);
    const auto command = entry.make();
    command->declare(parser);
    for (const std::string& name : parser.names_of_texts())
      EXPECT_TRUE(no_paths.contains(name)) << entry.name << " --" << name;
  }
}

/// The paths of `entry` where all flags and two arguments name files of `folder`.
NamedPaths all_paths(const CommandEntry& entry, const test::TemporaryFolder& folder) {
  OptionParser parser(entry.name, entry.summary);
  const auto command = entry.make();
  command->declare(parser);
  std::set<std::string> flags = parser.names();
  for (const std::string& text : parser.names_of_texts()) flags.erase(text);
  std::vector<std::string> arguments;
  for (const std::string& flag : flags)
    if (parser.names_file(flag)) arguments.push_back("--" + flag + "=" + folder.write(flag + ".file", ""));
  for (const char* name : {"first", "second", "third"})
    if (parser.takes_arguments()) arguments.push_back(folder.write(name, name));
  return paths_of(entry, arguments);
}

/// Other ways to `path`, each a new file of the folder.
std::vector<std::string> names_of(const std::string& path, const test::TemporaryFolder& folder) {
  static int count = 0;
  const std::string start = folder / fmt::format("{}", count++);
  fs::create_hard_link(path, start + ".hard");
  fs::create_symlink(path, start + ".link");
  fs::create_symlink(start + ".link", start + ".link-of-link");
  fs::create_directory_symlink(folder.path(), start + ".folder");
  return {path,
          start + ".hard",
          start + ".link",
          start + ".link-of-link",
          start + ".folder/" + fs::path(path).filename().string(),
          folder / "./" + fs::path(path).filename().string()};
}

TEST_F(PathClashes, NoOutputOfACommandIsAnInputOrAnotherOutput) {
  int pairs = 0;
  for (const CommandEntry& entry : commands()) {
    const test::TemporaryFolder folder;
    const NamedPaths paths = all_paths(entry, folder);
    refuse_path_clashes(paths);
    for (std::size_t w = 0; w < paths.writes.size(); ++w) {
      const WrittenPath& written = paths.writes[w];
      if (written.kind != WrittenPath::Kind::file) continue;
      for (const ReadPath& read : paths.reads) {
        if (read.name == written.may_replace) continue;
        for (const std::string& name : names_of(read.path, folder)) {
          NamedPaths same = paths;
          same.writes[w].path = name;
          EXPECT_THAT(error_of([&] { refuse_path_clashes(same); }).cause,
                      HasSubstr(fmt::format("{} {} would replace {} {}", written.name, name, read.name, read.path)))
              << entry.name;
          ++pairs;
        }
      }
      for (std::size_t o = 0; o < paths.writes.size(); ++o) {
        if (o == w || paths.writes[o].kind != WrittenPath::Kind::file) continue;
        for (const std::string& name : names_of(paths.writes[o].path, folder)) {
          NamedPaths same = paths;
          same.writes[w].path = name;
          EXPECT_THAT(error_of([&] { refuse_path_clashes(same); }).cause, HasSubstr("are the same file")) << entry.name;
          ++pairs;
        }
      }
    }
  }
  EXPECT_GT(pairs, 300);
}

TEST_F(PathClashes, WhatIsNotThereYetIsComparedByItsName) {
  const auto same = [&](const std::string& a, const std::string& b) {
    refuse_path_clashes({{}, {{"--out", at(a)}, {"--best", at(b)}}});
  };
  fs::create_directory_symlink(folder_.path(), at("here"));
  EXPECT_THAT(error_of([&] { same("x", "x"); }).cause, HasSubstr("are the same file"));
  EXPECT_THAT(error_of([&] { same("x", "./x"); }).cause, HasSubstr("are the same file"));
  EXPECT_THAT(error_of([&] { same("x", "here/x"); }).cause, HasSubstr("are the same file"));
  EXPECT_THAT(error_of([&] { same("new/x", "new/./x"); }).cause, HasSubstr("are the same file"));
  same("x", "y");
  same("new/x", "x");
}

TEST_F(PathClashes, FilesBesideAnOutputCount) {
  const WrittenPath table{"--out", at("t"), WrittenPath::Kind::file, {".points", ".state-*"}};
  for (const char* name : {"t.points", "t.state-1-0"}) {
    EXPECT_THAT(error_of([&] {
                  refuse_path_clashes({{{"--features", folder_.write(name, "x")}}, {table}});
                }).cause,
                HasSubstr(name));
    EXPECT_THAT(error_of([&] { refuse_path_clashes({{}, {table, {"--best", at(name)}}}); }).cause, HasSubstr(name));
  }
  refuse_path_clashes({{{"--features", folder_.write("t.other", "x")}}, {table, {"--best", at("t.more")}}});
}

TEST_F(PathClashes, FilesOfAFolderCount) {
  const WrittenPath metrics{"--metrics", at("m"), WrittenPath::Kind::folder, {"rank-*.jsonl"}};
  const auto check = [&](const std::string& name) { refuse_path_clashes({{}, {metrics, {"--out", at(name)}}}); };
  EXPECT_THAT(error_of([&] { check("m/rank-12.jsonl"); }).cause, HasSubstr("are the same file"));
  check("m/rank-12.json");
  check("rank-12.jsonl");
}

TEST_F(PathClashes, AFileThatIsReadFirstMayBeReplaced) {
  const std::string file = folder_.write("f.h5", "x");
  const WrittenPath out{"--out", file, WrittenPath::Kind::file, {}, "--update-from"};
  refuse_path_clashes({{{"--update-from", file}}, {out}});
  EXPECT_THAT(error_of([&] { refuse_path_clashes({{{"--classes", file}}, {out}}); }).cause, HasSubstr("--classes"));
}

TEST_F(PathClashes, ALinkMayBeMovedButNotWithinItsOwnTarget) {
  const std::string file = folder_.write("f.h5", "x");
  fs::create_symlink("f.h5", at("current"));
  fs::create_symlink("current", at("alias"));
  const auto check = [&](const std::string& read) {
    refuse_path_clashes({{{"FILE", at(read)}}, {{"--as", at("current"), WrittenPath::Kind::link}}});
  };
  check("f.h5");
  EXPECT_THAT(error_of([&] { check("current"); }).cause, HasSubstr("would replace"));
  EXPECT_THAT(error_of([&] { check("alias"); }).cause, HasSubstr("would replace"));
}

TEST_F(PathClashes, PicturesAndWeightsInFoldersCount) {
  folder_.write("c/a/1.png", "x");
  folder_.write("w/model.json", "{}");
  using Form = ReadPath::Form;
  const auto check = [&](Form form, const char* folder, const std::string& out) {
    refuse_path_clashes({{{"--in", at(folder), form}}, {{"--out", at(out)}}});
  };
  EXPECT_THAT(error_of([&] { check(Form::corpus, "c", "c/a/1.png"); }).cause, HasSubstr("would replace"));
  EXPECT_THAT(error_of([&] { check(Form::weights, "w", "w/model.json"); }).cause, HasSubstr("would replace"));
  check(Form::corpus, "c", "c/f.h5");
  folder_.write("c/f.h5", "x");
  check(Form::corpus, "c", "c/f.h5");
  check(Form::weights, "w", "w/new.safetensors");
  folder_.write("t-0.tar", "x");
  folder_.write("t-1.tar", "x");
  EXPECT_THAT(error_of([&] { check(Form::corpus, "t-{0..1}.tar", "t-1.tar"); }).cause, HasSubstr("t-1.tar, which is"));
}

TEST_F(PathClashes, ADatasetMayFollowThePath) {
  const std::string file = folder_.write("w.h5", "x");
  EXPECT_THAT(error_of([&] {
                refuse_path_clashes({{{"--row-weights", file + ":mine", ReadPath::Form::dataset}}, {{"--out", file}}});
              }).cause,
              HasSubstr("--row-weights"));
}

TEST_F(PathClashes, NoPipeIsReplaced) {
  ASSERT_EQ(mkfifo(at("pipe").c_str(), 0666), 0);
  EXPECT_THAT(error_of([&] {
                refuse_path_clashes({{}, {{"--out", at("pipe")}}});
              }).cause,
              HasSubstr("not a regular file"));
  EXPECT_THAT(error_of([&] {
                refuse_path_clashes({{}, {{"--out", "/dev/null"}}});
              }).cause,
              HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace pool3::jobs
