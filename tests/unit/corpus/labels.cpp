#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "pool3/corpus.hpp"
#include "support/error_of.hpp"

namespace pool3 {
namespace {

std::string label(const std::string& rule, std::string_view path, std::string_view column = "c") {
  return label_of(parse_label_rule(rule), path, column);
}

TEST(Labels, Directory) {
  EXPECT_EQ(label("directory", "shoes/red/1.jpg"), "shoes");
  EXPECT_EQ(label("directory", "1.jpg"), "");
  EXPECT_EQ(label("directory", "./shoes/red/1.jpg"), "shoes");
  EXPECT_EQ(label("directory", "./../shoes/1.jpg"), "shoes");
  EXPECT_EQ(label("directory", "../data/shoes/1.jpg"), "shoes");  // as /.../data/shoes/1.jpg
  EXPECT_EQ(label("directory", "../1.jpg"), "");
  EXPECT_EQ(label("directory", "./1.jpg"), "");
  EXPECT_EQ(label("directory", "/data/shoes/1.jpg"), "shoes");
  EXPECT_EQ(label("directory", "/shoes/1.jpg"), "shoes");
  EXPECT_EQ(label("directory", "/1.jpg"), "");
}

TEST(Labels, Filename) {
  EXPECT_EQ(label("filename", "x/baby_shoe_12.jpg"), "baby_shoe");
  EXPECT_EQ(label("filename", "baby_shoe_1_2.jpg"), "baby_shoe_1");
  EXPECT_EQ(label("filename", "baby_shoe.jpg"), "baby_shoe");
  EXPECT_EQ(label("filename", "baby_12b.jpg"), "baby_12b");
  EXPECT_EQ(label("filename", "baby12.jpg"), "baby12");
  EXPECT_EQ(label("filename", "baby_.tar.jpg"), "baby_.tar");
  EXPECT_EQ(label("filename", "a.b_7/12.jpg"), "12");
  EXPECT_EQ(label("filename", "shoe_7"), "shoe");
  EXPECT_EQ(label("filename", ".jpg"), ".jpg");
}

TEST(Labels, Regex) {
  EXPECT_EQ(label("regex:([a-z]+)-\\d+", "x/shoe-12.jpg"), "shoe");
  EXPECT_EQ(label("regex:^([^/]+)/([^/]+)/", "a/b/c.jpg"), "a");
  EXPECT_EQ(label("regex:^z(.)", "a/b/c.jpg"), "");
  EXPECT_EQ(label("regex:(z)?a", "a.jpg"), "");
  EXPECT_EQ(label("regex:/(.*)\\.jpg", "a/\xFF\n.jpg"), "");  // a dot is no line end
  EXPECT_EQ(label("regex:/([^]*)\\.jpg", "a/\xFF\nb.jpg"), "\xFF\nb");
}

TEST(Labels, BlanksAroundThemDontCount) {
  EXPECT_EQ(label("column", "a.jpg", " cats\t\r"), "cats");
  EXPECT_EQ(label("column", "a.jpg", "\xC2\xA0red cats \xC2\xA0"), "red cats");
  EXPECT_EQ(label("column", "a.jpg", " \xC2\xA0"), "");
  EXPECT_EQ(label("directory", "cats /1.jpg"), "cats");
  EXPECT_EQ(label("regex:/(.*)-", "a/ cats -1.jpg"), "cats");
}

TEST(Labels, AutoIsTheDirectoryOfWhatHasNoColumn) { EXPECT_EQ(label("auto", "cats/1.jpg", ""), "cats"); }

TEST(Labels, RegexOverTheLongestPathDoesNotOverflowTheStack) {
  EXPECT_EQ(label("regex:(x).*y$", std::string(4094, 'x') + "y"), "x");
}

TEST(Labels, ColumnAndNone) {
  EXPECT_EQ(label("column", "a/1.jpg", "shoe"), "shoe");
  EXPECT_EQ(label("none", "a/1.jpg", "shoe"), "");
}

TEST(Labels, BadRulesAreUsageErrors) {
  for (const char* rule : {"", "folder", "Directory", "regex", "regex:", "regex:abc", "regex:(", "regex:([a-)"}) {
    EXPECT_EQ(test::error_of([&] { return parse_label_rule(rule); }).code, ExitCode::usage) << rule;
  }
  for (const char* rule : {"auto", "directory", "filename", "column", "none", "regex:(a)"}) {
    EXPECT_NO_THROW(static_cast<void>(parse_label_rule(rule))) << rule;
  }
}

TEST(StringTable, KeepsEveryStringApart) {
  StringTable table;
  const std::string with_nul("b\0c", 3);
  for (const std::string& text : {std::string(), std::string("a"), with_nul, std::string()}) table.push_back(text);
  ASSERT_EQ(table.size(), 4);
  EXPECT_EQ(table[0], "");
  EXPECT_EQ(table[1], "a");
  EXPECT_EQ(table[2], with_nul);
  EXPECT_EQ(table[3], "");
}

TEST(FullPath, JoinsRelativePathsOnly) {
  EXPECT_EQ(full_path("/root", "a/b.jpg"), "/root/a/b.jpg");
  EXPECT_EQ(full_path("/", "a.jpg"), "/a.jpg");
  EXPECT_EQ(full_path("/root", "/else/b.jpg"), "/else/b.jpg");
}

}  // namespace
}  // namespace pool3
