// Tables whose paths don't lead to their files as they are written.

#include "corpus/tables/path_placement.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "unit/corpus/fixtures.hpp"

namespace pool3 {
namespace {

using test::listed;
using test::paths_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Placement : public test::CorpusTest {
 protected:
  /// The paths that a table makes, and what is said of them.
  [[nodiscard]] std::string placed(const std::string& name, const std::string& text) const {
    const Manifest manifest = listed(write(name, text), "auto");
    std::string all;
    for (const std::string& path : paths_of(manifest)) all += path + " ";
    for (const std::string& note : manifest.notes)
      if (const auto at = note.find("there under its path; "); at != std::string::npos) all += note.substr(at + 22);
    return all;
  }
};

TEST_F(Placement, NamesWithoutTheirEndingAreFound) {
  write("a/1.JPG");
  write("a/2.JPG");
  EXPECT_EQ(placed("t.csv", "id,breed\na/1,cats\na/2,dogs\na/3,dogs\n"),
            "a/1.JPG a/2.JPG a/3.JPG taken are those that are there with .JPG behind");
}

TEST_F(Placement, TheFolderBesideTheTableIsFound) {
  write("train/1.jpg");
  write("train/2.jpg");
  write("test/3.jpg");
  EXPECT_EQ(placed("train.csv", "id,label\n1,cats\n2,dogs\n"),
            "train/1.jpg train/2.jpg taken are those that are there in train/, with .jpg behind");
  write("test/1.jpg");  // now two folders have it
  EXPECT_EQ(placed("train.csv", "id,label\n1,cats\n2,dogs\n"),
            "train/1.jpg train/2.jpg taken are those that are there in train/, with .jpg behind");  // by the second
  write("test/2.jpg");
  EXPECT_EQ(placed("train.csv", "id,label\n1,cats\n2,dogs\n"), "1 2 ");
}

TEST_F(Placement, FoldersOfAnotherMachineAreTakenAway) {
  write("a/1.jpg");
  write("b/2.jpg");
  const std::string text = "/home/eve/set/a/1.jpg\n/home/eve/set/b/2.jpg\n/elsewhere/3.jpg\n";
  EXPECT_EQ(placed("t.txt", text),
            "/elsewhere/3.jpg a/1.jpg b/2.jpg taken are those that are there without /home/eve/set/ in front");
  EXPECT_EQ(placed("t.csv", "path,label\nset/a/1.jpg,x\nset/b/2.jpg,y\n"),
            "a/1.jpg b/2.jpg taken are those that are there without set/ in front");
}

TEST_F(Placement, PathsOfWindows) {
  write("a/1.jpg");
  write("b/2.jpg");
  EXPECT_EQ(placed("t.csv", "path,label\na\\1.jpg,x\nb\\2.jpg,y\n"),
            "a/1.jpg b/2.jpg taken are those that are there with / for \\");
  EXPECT_EQ(placed("t.csv", "path,label\nC:\\set\\a\\1.jpg,x\nC:\\set\\b\\2.jpg,y\n"),
            "a/1.jpg b/2.jpg taken are those that are there with / for \\, without C:/set/ in front");
}

TEST_F(Placement, APathThatIsThereAsWrittenSettlesIt) {
  write("1");
  write("train/1.jpg");
  write("train/2.jpg");
  write("train/3.jpg");
  EXPECT_EQ(placed("t.csv", "id,label\n3,c\n2,b\n1,a\n"), "1 2 3 ");
}

TEST_F(Placement, HalfOfThePathsMustBeFoundSo) {
  write("a/1.jpg");
  EXPECT_EQ(placed("t.txt", "set/a/1.jpg\nset/a/2.jpg\nset/a/3.jpg\n"), "set/a/1.jpg set/a/2.jpg set/a/3.jpg ");
}

TEST_F(Placement, FoldersBesideTheOneOfTheTable) {
  write("images/pie/1.jpg");
  write("images/ramen/2.jpg");
  EXPECT_EQ(placed("meta/train.txt", "pie/1\nramen/2\n"),
            "../images/pie/1.jpg ../images/ramen/2.jpg taken are those that are there in ../images/, with .jpg behind");
  write("large/z/zoo/1.jpg");
  EXPECT_EQ(placed("t.txt", "/z/zoo/1.jpg 7\n/z/zoo/2.jpg 7\n"),
            "large/z/zoo/1.jpg large/z/zoo/2.jpg taken are those that are there without / in front, in large/");
}

TEST_F(Placement, SomeFoldersAreLookedIntoAndNotThousands) {
  const std::string text = "id,label\n1,cats\n2,dogs\n";
  for (int i = 0; i < 32; ++i) write(fmt::format("folder{:02}/{}.jpg", i, i == 7 ? 1 : 100 + i));
  write("folder07/2.jpg");
  EXPECT_THAT(placed("t.csv", text), HasSubstr("folder07/1.jpg folder07/2.jpg"));
  write("folder32/132.jpg");
  EXPECT_EQ(placed("t.csv", text), "1 2 ");
}

TEST(PlacementOf, NothingComesBeforeAnAbsolutePath) {
  const corpus::Placement way{.below = "train/", .ending = ".jpg"};
  EXPECT_EQ(way.of("a/1"), "train/a/1.jpg");
  EXPECT_EQ(way.of("/a/1"), "/a/1.jpg");
}

TEST_F(Placement, AnotherSetAboveIsNotTaken) {
  write("other/1.jpg");
  write("other/2.jpg");
  write("1.jpg");
  write("2.jpg");
  EXPECT_EQ(placed("mine/t.csv", "id,label\n1,x\n2,y\n"), "1 2 ");
  write("images/1.jpg");
  EXPECT_EQ(placed("mine/t.csv", "id,label\n1,x\n2,y\n"), "1 2 ");  // above, all must be there
  write("mine/cats/3.jpg");
  EXPECT_EQ(placed("mine/sub/t.csv", "path,label\ncats/3.jpg,x\n"),
            "../cats/3.jpg taken are those that are there in ../");
}

TEST_F(Placement, ListsOfNamesWithoutEndingsAndLabels) {
  write("JPEGImages/2008_08.jpg");
  write("JPEGImages/2008_15.jpg");
  const std::string list = write("ImageSets/Main/cat.txt", "2008_08 -1\n2008_15  1\n");
  EXPECT_THAT(paths_of(listed(list, "auto")),
              ElementsAre("../../JPEGImages/2008_08.jpg", "../../JPEGImages/2008_15.jpg"));
  EXPECT_THAT(test::labels_of(listed(list, "auto")), ElementsAre("-1", "1"));
}

TEST_F(Placement, ListsOfNumbersAndPaths) {
  write("images/a/1.jpg");
  write("images/b/2.jpg");
  const Manifest manifest = listed(write("images.txt", "1 a/1.jpg\n2 b/2.jpg\n"), "auto");
  EXPECT_THAT(paths_of(manifest), ElementsAre("images/a/1.jpg", "images/b/2.jpg"));
  EXPECT_THAT(test::labels_of(manifest), ElementsAre("a", "b"));
  EXPECT_THAT(manifest.notes, Contains(HasSubstr("each line is an id and a path")));
}

/// As CUB-200 and NABirds have them.
class IdTables : public test::CorpusTest {
 protected:
  IdTables() {
    for (const char* path : {"images/a/1.jpg", "images/a/2.jpg", "images/b/3.jpg"}) write(path);
    write("images.txt", "1 a/1.jpg\n00-2e a/2.jpg\n3 b/3.jpg\n");
    write("image_class_labels.txt", "3 7\n1 5\n00-2e 6\n");
    write("train_test_split.txt", "1 1\n3 0\n00-2e 1\n");
  }
  [[nodiscard]] std::vector<std::string> labels(const char* rule = "auto") const {
    return test::labels_of(listed(folder / "images.txt", rule));
  }
};

TEST_F(IdTables, GiveLabels) {
  EXPECT_THAT(labels(), ElementsAre("5", "6", "7"));
  write("classes.txt", "5 Ducks, Geese\n6 Auk\n7 Auk\n8 Kite\n");
  EXPECT_THAT(labels(), ElementsAre("Ducks, Geese", "6 Auk", "7 Auk"));
  write("image_class_labels.txt", "3 7\n");
  EXPECT_THAT(labels("column"), ElementsAre("", "", "7 Auk"));
  write("image_class_labels.txt", "3\n");
  const auto error = test::listing_error(folder / "images.txt", "auto");
  EXPECT_EQ(error.path, (folder / "image_class_labels.txt:1").string());
}

TEST_F(IdTables, GiveSplitsAndGroups) {
  const auto split = read_path_values((folder / "train_test_split.txt").string(), "", {});
  EXPECT_EQ(split->folder, folder.string());
  EXPECT_THAT(split->paths, ElementsAre("images/a/1.jpg", "images/b/3.jpg", "images/a/2.jpg"));
  EXPECT_THAT(split->values, ElementsAre("train", "test", "train"));
  const auto groups = read_path_values((folder / "image_class_labels.txt").string(), "", {});
  EXPECT_THAT(groups->values, ElementsAre("7", "5", "6"));
  EXPECT_FALSE(read_path_values(write("other.txt", "1 2\n9 3\n"), "", {}));  // no id of a picture
}

TEST_F(Placement, PathsInQuotes) {
  write("my pics/a b.jpg");
  EXPECT_EQ(placed("l.txt", "\"my pics/a b.jpg\"\n"), "my pics/a b.jpg ");
}

TEST_F(Placement, TarFilesCountAsThere) {
  write("s.tar", "x");
  write("d/s.tar", "x");
  EXPECT_TRUE(corpus::is_there(folder.string(), "s.tar/a/1.jpg"));
  EXPECT_FALSE(corpus::is_there(folder.string(), "t.tar/a/1.jpg"));
  EXPECT_FALSE(corpus::is_there(folder.string(), "d"));
}

TEST_F(Placement, ValuesBesidePathsAreFoundTheSameWay) {
  write("train/1.jpg");
  write("train/2.jpg");
  const std::array<std::string_view, 1> usual = {"split"};
  const auto found = read_path_values(write("t.csv", "image_id,split\n1,train\n2,test\n"), "", usual);
  EXPECT_THAT(found->paths, ElementsAre("train/1.jpg", "train/2.jpg"));
}

class Missing : public test::CorpusTest {
 protected:
  [[nodiscard]] std::string note(const std::string& text) const {
    for (const std::string& note : listed(write("t.csv", "path,label\nhere.jpg,x\n" + text), "auto").notes)
      if (note.find(" not there or no file") != std::string::npos) return note;
    return "";
  }
};

TEST_F(Missing, ANameThatIsNearlyThereIsSaid) {
  write("here.jpg");
  write("Bilder/Caf\xC3\xA9/IMG_1.JPG");
  write("c/2.png");
  write("d/3.jpg");
  EXPECT_THAT(note("bilder/Cafe\xCC\x81/img_1.jpg,x\n"), HasSubstr("(there is Bilder/Caf\xC3\xA9/IMG_1.JPG: write"));
  EXPECT_THAT(note("c/2.jpg,x\n"), HasSubstr("(there is c/2.png: write"));
  EXPECT_THAT(note("17 d/3.jpg,x\n"), HasSubstr("without the number in front"));
  EXPECT_THAT(note("d/4.jpg,x\n"), ::testing::EndsWith("d/4.jpg"));
}

class Kinds : public test::CorpusTest {};

TEST_F(Kinds, JsonLinesAreATable) {
  const std::string lines =
      "{\"file_name\": \"a/1.jpg\", \"label\": 3.0, \"meta\": {\"kind\": \"x\"}}\n\n"
      "{\"label\": \"dogs \", \"file_name\": \"b/2.jpg\", \"tags\": [1], \"meta\": {\"kind\": \"y\"}}\r\n";
  const std::string table = write("t.jsonl", lines);
  EXPECT_THAT(paths_of(listed(table, "auto")), ElementsAre("a/1.jpg", "b/2.jpg"));
  EXPECT_THAT(test::labels_of(listed(table, "auto")), ElementsAre("3", "dogs"));
  EXPECT_THAT(listed(table, "auto").notes, Contains(HasSubstr("JSON lines; paths are column 1 (file_name), labels")));
  CorpusOptions options{.corpus = {table}, .labels = parse_label_rule("column"), .classes = {}};
  options.label_column = "meta.kind";
  EXPECT_THAT(test::labels_of(listed(options)), ElementsAre("x", "y"));
  const std::array<std::string_view, 1> usual = {"label"};
  EXPECT_THAT(read_path_values(table, "", usual)->values, ElementsAre("3", "dogs"));
}

TEST_F(Kinds, BadLinesOfJsonAreLeftOutAndNamed) {
  const Manifest found = listed(write("t.ndjson", "{\"path\": \"1.jpg\"}\n{oops\n{\"file\": \"2.jpg\"}\n"), "none");
  EXPECT_THAT(paths_of(found), ElementsAre("1.jpg"));
  EXPECT_EQ(found.unread_rows, 1);
  EXPECT_THAT(found.notes, Contains(HasSubstr("1 row is left out: no JSON object in UTF-8 (the first: line 2)")));
  EXPECT_THAT(found.notes, Contains(HasSubstr("1 row is left out: no path (the first: line 3)")));
  const auto error = [&](const std::string& text) { return test::listing_error(write("t.ndjson", text), "auto"); };
  EXPECT_EQ(error("{\"path\": \"\"}\n").cause, "the path is empty, and so are all others");
  EXPECT_THAT(error("{\n  \"path\": \"1.jpg\"\n}\n").cause, HasSubstr("not a JSON object a line"));
  EXPECT_THAT(test::listing_error(write("t.txt", "[{\"path\": \"1.jpg\"}]\n")).advice,
              HasSubstr("a name that ends in .json"));
}

TEST_F(Kinds, JsonDocumentsAreTables) {
  const std::string pictures = R"("images": [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "2.jpg"},)"
                               "\n"
                               R"({"id": "c]", "file_name": "3 \"}.jpg"}, {"id": 4, "file_name": "4.jpg"}])";
  const std::string marks = R"("annotations": [{"image_id": 1, "category_id": 7, "segmentation": [[1, 2], [3]]},
    {"image_id": 2, "category_id": 8}, {"image_id": 2, "category_id": 8}, {"image_id": "c]", "category_id": 7},
    {"image_id": "c]", "category_id": 8}])";
  const std::string kinds =
      R"("categories": [{"id": 7, "name": "cat", "family": "felidae"}, {"id": 8, "name": "dog", "family": "canidae"}])";
  for (const auto& text : {fmt::format("{{\"info\": {{}}, {}, {}, {}}}", pictures, marks, kinds),
                           fmt::format("{{{},\n{}, \"licenses\": [], {} }}\n", kinds, marks, pictures)}) {
    const std::string file = write("a.json", text);
    write("train2017/1.jpg");
    write("train2017/2.jpg");
    const Manifest found = listed(file, "auto");
    EXPECT_THAT(paths_of(found),
                ElementsAre("train2017/1.jpg", "train2017/2.jpg", "train2017/3 \"}.jpg", "train2017/4.jpg"));
    EXPECT_THAT(test::labels_of(found), ElementsAre("cat", "dog", "", ""));
    EXPECT_THAT(found.notes, Contains(HasSubstr("1 pictures have annotations of several categories")));
    CorpusOptions options{.corpus = {file}, .labels = parse_label_rule("column"), .classes = {}};
    options.label_column = "family";
    EXPECT_THAT(test::labels_of(listed(options)), ElementsAre("felidae", "canidae", "", ""));
    options.label_column = "order";
    EXPECT_EQ(test::listing_error(options).code, ExitCode::usage);
  }
  const std::string list =
      R"([{"id": 9, "data": {"image": "a/1.jpg"}, "annotations": [{"result": [{"value": {"choices": ["cat"]}}]}]},
      {"id": 8, "data": {"image": "a/2.jpg"}, "annotations": []}, 7])";
  CorpusOptions studio{.corpus = {write("studio.json", list)}, .labels = parse_label_rule("auto"), .classes = {}};
  studio.label_column = "annotations.result.value.choices";
  EXPECT_THAT(test::labels_of(listed(studio)), ElementsAre("cat", ""));
  EXPECT_EQ(listed(studio).unread_rows, 1);
  EXPECT_THAT(test::labels_of(listed(write("map.json", R"({"b.jpg": "dog", "a.jpg": 3, "n": [1]})"), "auto")),
              ElementsAre("3", "dog"));
}

TEST_F(Kinds, JsonWithoutPicturesIsNamed) {
  const auto error = [&](const std::string& text) { return test::listing_error(write("t.json", text), "auto"); };
  EXPECT_EQ(error("{\"version\": 1}").cause, "JSON in which no pictures are found");
  EXPECT_THAT(error("{\"images\": [{\"file_name\": \"1.jpg\"").cause, HasSubstr("damaged, or ends too early"));
  EXPECT_EQ(error("[{\"path\": \"1.jpg\"},\n {\"path\": \"2.j").path, (folder / "t.json:2").string());
  EXPECT_THAT(error("[1, 2]").cause, HasSubstr("no list of JSON objects"));
}

TEST_F(Kinds, FilesThatAreNoTablesAreNamed) {
  const auto advice = [&](const std::string& text) {
    return test::listing_error(write("list.txt", text), "auto").advice;
  };
  EXPECT_THAT(advice("MATLAB 5.0 MAT-file, Platform: GLNX86"), HasSubstr("scipy.io.loadmat"));
  EXPECT_THAT(advice("<?xml version=\"1.0\"?>\n<annotation><folder>x</folder>"), HasSubstr("VOC, CVAT"));
  EXPECT_THAT(advice("<?xml version=\"1.0\"?>\n<svg xmlns="), HasSubstr("rsvg-convert"));
  EXPECT_THAT(advice("\x80\x02}q\x01"), HasSubstr("a folder for each label"));
  EXPECT_THAT(advice(std::string("\0\0\x08\x03\0\0", 6)), HasSubstr("a folder for each label"));
}

TEST_F(Kinds, ATarFileUnderAnotherNameIsNamed) {
  std::string tar(1024, '\0');
  tar.replace(0, 5, "1.jpg").replace(257, 5, "ustar");
  EXPECT_THAT(test::listing_error(write("images", tar)).advice, HasSubstr("a name that ends in .tar"));
}

}  // namespace
}  // namespace pool3
