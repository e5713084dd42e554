// Columns beside paths; folders that are sides of a split.

#include <gmock/gmock.h>

#include <filesystem>

#include "pool3/error.hpp"
#include "unit/corpus/fixtures.hpp"

namespace pool3 {
namespace {

using test::labels_of;
using test::listed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PathColumn : public test::CorpusTest {
 protected:
  [[nodiscard]] std::optional<PathValues> read(const std::string& name, const std::string& content,
                                               const std::string& column = "") const {
    const std::array<std::string_view, 2> usual = {"split", "set"};
    return read_path_values(write(name, content), column, usual);
  }
};

TEST_F(PathColumn, ByNameByNumberAndByItself) {
  const std::string table = "file;Set;kind\na/1.jpg; train ;x\n/b/2.jpg;test;y\n";
  const auto usual = read("t.csv", table);
  EXPECT_THAT(usual->paths, ElementsAre("a/1.jpg", "/b/2.jpg"));
  EXPECT_THAT(usual->values, ElementsAre("train", "test"));
  EXPECT_EQ(usual->folder, folder.string());
  EXPECT_THAT(read("t.csv", table, "kind")->values, ElementsAre("x", "y"));
  EXPECT_THAT(read("t.csv", table, "3")->values, ElementsAre("x", "y"));
  EXPECT_THAT(read("t.tsv", "a.jpg\t7\nb.jpg\t8\n")->values, ElementsAre("7", "8"));
  EXPECT_THAT(read("t.txt", "a.jpg 1\nb.jpg 2\n")->values, ElementsAre("1", "2"));
}

TEST_F(PathColumn, ListsOfPathsAlone) {
  const auto list = read("t.txt", "a.jpg\nb/c.jpg\n");
  EXPECT_THAT(list->paths, ElementsAre("a.jpg", "b/c.jpg"));
  EXPECT_THAT(list->values, IsEmpty());
}

TEST_F(PathColumn, NoneWithoutPaths) {
  EXPECT_FALSE(read("t.csv", "split\ntrain\ntest\n"));
  EXPECT_FALSE(read("t.csv", "0,1\n1,1\n"));
  EXPECT_FALSE(read("t.txt", "0\n1\n"));
}

TEST_F(PathColumn, MustBeClear) {
  const std::string table = "path,a,b\nx.jpg,1,2\n";
  const auto unclear = test::error_of([&] { return read("t.csv", table); });
  EXPECT_THAT(unclear.cause, HasSubstr("which column"));
  EXPECT_THAT(test::error_of([&] { return read("t.csv", table, "c"); }).cause, HasSubstr("no column c"));
}

class SplitFolders : public test::CorpusTest {};

TEST_F(SplitFolders, LabelsAreTheFoldersBelow) {
  for (const char* path :
       {"train/cats/a.jpg", "train/dogs/b.jpg", "test/cats/c.jpg", "val/dogs/deep/d.jpg", "test/e.jpg"})
    write(path);
  const Manifest manifest = listed(folder, "auto");
  EXPECT_THAT(labels_of(manifest), ElementsAre("cats", "", "cats", "dogs", "dogs"));
  EXPECT_THAT(manifest.notes, testing::Contains(HasSubstr("the sides of a split: labels are the folders below")));
  EXPECT_THAT(labels_of(listed(folder)), ElementsAre("test", "test", "train", "train", "val"));  // directory
}

TEST_F(SplitFolders, OtherFoldersAreLabelsThemselves) {
  write("train/a.jpg");  // not below a class
  write("test/cats/b.jpg");
  EXPECT_THAT(labels_of(listed(folder, "auto")), ElementsAre("test", "train"));
  write("train/cats/a.jpg");
  std::filesystem::remove(folder / "train/a.jpg");
  write("buses/c.jpg");  // beside trains
  EXPECT_THAT(labels_of(listed(folder, "auto")), ElementsAre("buses", "test", "train"));
}

TEST_F(SplitFolders, UnderTheNamesOfKaggle) {
  for (const char* path : {"archive/seg_train/seg_train/cats/a.jpg", "archive/seg_train/seg_train/dogs/b.jpg",
                           "archive/seg_test/seg_test/cats/c.jpg", "archive/seg_pred/seg_pred/d.jpg"})
    write(path);
  const Manifest manifest = listed(folder, "auto");
  EXPECT_THAT(labels_of(manifest), ElementsAre("", "cats", "cats", "dogs"));
  EXPECT_THAT(manifest.notes,
              testing::Contains(HasSubstr("the folders in archive/ are seg_pred, seg_test, seg_train")));
  EXPECT_THAT(labels_of(listed(folder / "archive", "auto")), ElementsAre("", "cats", "cats", "dogs"));
}

class OneFolder : public test::CorpusTest {};

TEST_F(OneFolder, AroundAllOthersIsNoLabel) {
  write("flowers/flowers/daisy/1.jpg");
  write("flowers/flowers/rose/2.jpg");
  const Manifest manifest = listed(folder, "auto");
  EXPECT_THAT(labels_of(manifest), ElementsAre("daisy", "rose"));
  EXPECT_THAT(manifest.notes, testing::Contains(HasSubstr("all pictures are in flowers/flowers/: labels are the")));
  EXPECT_THAT(labels_of(listed(folder)), ElementsAre("flowers", "flowers"));  // directory
  EXPECT_THAT(labels_of(listed(write("t.csv", "path,n\nx/a/1.jpg,1\nx/b/2.jpg,2\n"), "auto")), ElementsAre("a", "b"));
}

TEST_F(OneFolder, StaysTheLabelOfPicturesInIt) {
  write("shoes/red/1.jpg");
  write("shoes/blue/2.jpg");
  write("shoes/3.jpg");
  EXPECT_THAT(labels_of(listed(folder, "auto")), ElementsAre("shoes", "shoes", "shoes"));
  std::filesystem::remove_all(folder / "shoes/red");
  std::filesystem::remove(folder / "shoes/3.jpg");
  EXPECT_THAT(labels_of(listed(folder, "auto")), ElementsAre("shoes"));  // a folder below, and no other
}

TEST_F(OneFolder, NamesOfFilesMayTellTheClasses) {
  const auto hint = [&] {
    for (const std::string& note : listed(folder, "auto").notes)
      if (note.find("folders don't tell") != std::string::npos) return note;
    return std::string();
  };
  for (const char* name : {"Abyssinian_1.jpg", "Abyssinian_2.jpg", "Abyssinian_34.jpg", "pug_1.jpg", "pug_2.jpg"})
    write(std::string("images/") + name);
  EXPECT_EQ(hint(), "");  // too few of them
  write("images/pug_3.jpg");
  EXPECT_THAT(hint(), HasSubstr("--labels 'filename' makes 2 classes of them, such as Abyssinian"));
  std::filesystem::remove_all(folder / "images");
  for (int i = 0; i < 6; ++i) write(std::string(i % 2 == 0 ? "cat." : "dog.") + std::to_string(i) + ".jpg");
  EXPECT_THAT(hint(), HasSubstr("--labels 'regex:"));
  EXPECT_THAT(hint(), HasSubstr("makes 2 classes of them, such as cat"));
  const std::string rule = hint().substr(hint().find("regex:"), hint().rfind('\'') - hint().find("regex:"));
  EXPECT_THAT(listed(folder, rule).classes, ElementsAre("cat", "dog"));
  write("x/9.jpg");
  EXPECT_EQ(hint(), "");
}

TEST_F(SplitFolders, OfTablesWithoutLabels) {
  const std::string table = write("t.csv", "path,n\ntrain/cats/a.jpg,1\ntest/dogs/b.jpg,2\n");
  EXPECT_THAT(labels_of(listed(table, "auto")), ElementsAre("dogs", "cats"));
}

}  // namespace
}  // namespace pool3
