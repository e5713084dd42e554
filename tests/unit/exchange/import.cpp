// Tables as people have them, read by open_table() and read_column().

#include "pool3/exchange/import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool3/error.hpp"
#include "support/temporary_folder.hpp"

namespace pool3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Import : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes) { return folder_.write(name, bytes); }
  /// A table of this text.
  std::unique_ptr<TableReader> table(const std::string& text, const std::string& label_column = "") {
    return open_table({write("t.csv", text), ""}, label_column);
  }
  static std::vector<float> numbers(TableReader& table) {
    std::vector<float> all(static_cast<std::size_t>(table.rows() * table.width()));
    table.read(all);
    return all;
  }
  /// What the error of opening and reading it says, or "".
  std::string refusal(const std::string& text, const std::string& label_column = "") {
    try {
      static_cast<void>(numbers(*table(text, label_column)));
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  test::TemporaryFolder folder_;
};

TEST_F(Import, TakesPathsAndLabelsAndLeavesOtherTextsOut) {
  const auto t = table("path,note,label,f0,f1\nimg/0.jpg,big,cat,1,2\nimg/1.jpg,small,dog,3,4\n");
  EXPECT_THAT(numbers(*t), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(t->labels(), ElementsAre("cat", "dog"));
  EXPECT_THAT(t->paths(), ElementsAre("img/0.jpg", "img/1.jpg"));
  EXPECT_THAT(t->note(), HasSubstr("left out: column 2 (note)"));
}

TEST_F(Import, KnowsPathsByTheirEndings) {
  const auto t = table("img/0.JPG,cat,1\nimg/1.png,dog,2\n");
  EXPECT_THAT(numbers(*t), ElementsAre(1, 2));
  EXPECT_THAT(t->labels(), ElementsAre("cat", "dog"));
  EXPECT_THAT(t->paths(), ElementsAre("img/0.JPG", "img/1.png"));
}

TEST_F(Import, KnowsAHeaderWithFewNumbersOfColumnsByItsOtherNames) {
  const auto t = table("path,label,0,1\na.jpg,cat,5,6\nb.jpg,dog,7,8\n");
  EXPECT_THAT(numbers(*t), ElementsAre(5, 6, 7, 8));
  EXPECT_THAT(t->labels(), ElementsAre("cat", "dog"));
  EXPECT_THAT(t->paths(), ElementsAre("a.jpg", "b.jpg"));
}

TEST_F(Import, AsksWhichOfTwoTextsIsTheLabel) {
  const std::string two = "kind,island,f0\ncat,north,1\ndog,south,2\n";
  EXPECT_THAT(refusal(two), HasSubstr("columns 1 (kind) and 2 (island)"));
  const auto t = table(two, "island");
  EXPECT_THAT(t->labels(), ElementsAre("north", "south"));
  EXPECT_THAT(numbers(*t), ElementsAre(1, 2));
}

TEST_F(Import, LeavesOutWhatOnlyCountsTheRows) {
  for (const char* const text : {",f0,label\n0,7,a\n1,8,b\n", "Unnamed: 0,f0,label\n0,7,a\n1,8,b\n",
                                 "id,f0,label\n1,7,a\n2,8,b\n", "\"f0\" \"label\"\n\"1\" 7 \"a\"\n\"2\" 8 \"b\"\n"}) {
    const auto t = table(text);
    EXPECT_THAT(numbers(*t), ElementsAre(7, 8)) << text;
    EXPECT_THAT(t->labels(), ElementsAre("a", "b")) << text;
  }
  EXPECT_THAT(numbers(*table("id,f0\n4,7\n2,8\n")), ElementsAre(4, 7, 2, 8)) << "these do not count";
}

TEST_F(Import, ANumberThatRisesButDoesNotCountIsAFeature) {
  for (const char* const text : {"id,f0,label\n1,7,a\n3,8,b\n", "id,f0,label\n1,7,a\n1,8,b\n"})
    EXPECT_EQ(table(text)->width(), 2) << text;
}

TEST_F(Import, AValueInAColumnWithoutANameIsRefused) {
  EXPECT_EQ(refusal("f0,label,\n1,a,\n2,b,\n"), "");
  EXPECT_THAT(refusal("f0,label,\n1,a,\n2,b,5\n"), HasSubstr("line 3, column 3: a value in a column without a name"));
}

TEST_F(Import, ReadsBlanksBetweenNumbersAsNumpyWritesThem) {
  EXPECT_THAT(numbers(*table("1.5e+00 2.0e+00\n3.0e+00 -4.0e+00\n")), ElementsAre(1.5F, 2, 3, -4));
  EXPECT_THAT(numbers(*table("  1.0   2.0\n  3.0  14.0\n")), ElementsAre(1, 2, 3, 14));
}

TEST_F(Import, ReadsDecimalCommasBesideOtherSeparators) {
  EXPECT_THAT(numbers(*table("f0;f1\n1,5;-2,25\n3;4,0\n")), ElementsAre(1.5F, -2.25F, 3, 4));
  EXPECT_THAT(numbers(*table("1,5;2,5;7\n1;2;3\n")), ElementsAre(1.5F, 2.5F, 7, 1, 2, 3));
  EXPECT_THAT(numbers(*table("0.5, 1.5, 2.5\n1, 2, 3\n")), ElementsAre(0.5F, 1.5F, 2.5F, 1, 2, 3));
}

TEST_F(Import, ReadsAColumnOfLists) {
  const auto t = table("label,embedding\ncat,\"[1, 2.5, -3]\"\ndog,\"[4 5\n 6]\"\n");
  EXPECT_EQ(t->width(), 3);
  EXPECT_THAT(numbers(*t), ElementsAre(1, 2.5F, -3, 4, 5, 6));
  EXPECT_THAT(t->labels(), ElementsAre("cat", "dog"));
  EXPECT_EQ(table("cat,\"[4 5 6 7]\"\n")->width(), 4);
  EXPECT_THAT(refusal("label,e\ncat,\"[1, 2]\"\ndog,\"[1, 2, 3]\"\n"),
              HasSubstr("a list of 3 numbers, and the first has 2"));
  EXPECT_THAT(refusal("label,e\ncat,\"[1, 2]\"\ndog,\"[1 ... 2]\"\n"), HasSubstr("no list of numbers"));
}

TEST_F(Import, KeepsLineEndsInQuotes) {
  const auto t = table("f0,label\n1,\"a\nb\"\n2,\"say \"\"hi\"\"\"\n3,5\" wide\n");
  EXPECT_THAT(t->labels(), ElementsAre("a\nb", "say \"hi\"", "5\" wide"));
  EXPECT_THAT(table("f0,label\r1,a\r2,b\r")->labels(), ElementsAre("a", "b")) << "an old Mac's lines";
  EXPECT_THAT(refusal("f0,label\n1,\"a\n2,b\n"), HasSubstr("line 2: a quote is opened and not closed"));
}

TEST_F(Import, TakesTrueAndFalseForNumbersBesideALabel) {
  const auto t = table("f0,flag,label\n1,True,a\n2,False,b\n");
  EXPECT_THAT(numbers(*t), ElementsAre(1, 1, 2, 0));
  EXPECT_THAT(table("f0,ripe\n1,True\n2,False\n")->labels(), ElementsAre("True", "False"));
}

TEST_F(Import, SaysWhereAValueIsMissing) {
  EXPECT_THAT(refusal("f0,f1,label\n1,2,a\n,4,b\n"), HasSubstr("line 3, column 1 (f0): it is empty"));
  EXPECT_THAT(refusal("f0,f1,label\n1,2,a\nNA,4,b\n"), HasSubstr("line 3, column 1 (f0): 'NA' is not a number"));
  EXPECT_THAT(refusal("f0,f1,label\nNA,2,a\n3,4,b\n"), HasSubstr("line 2, column 1 (f0): 'NA' is not a number"));
}

TEST_F(Import, WritesWholeLabelsWithoutAPoint) {
  EXPECT_THAT(table("f0,target\n1,0.0\n2,1.0\n3,\n")->labels(), ElementsAre("0", "1", ""));
  EXPECT_THAT(table("f0,target\n1,007\n2,010\n")->labels(), ElementsAre("007", "010"));
  EXPECT_THAT(table("f0,target\n1,1.1\n2,1.10\n")->labels(), ElementsAre("1.1", "1.10"));
  EXPECT_THAT(read_column({write("y.txt", "0.000e+00\n2.000e+00\n"), ""}), ElementsAre("0", "2"));
  EXPECT_THAT(read_column({write("y.txt", "label\n7\n"), ""}), ElementsAre("7"));
  EXPECT_THAT(read_column({write("y.txt", "label\n"), ""}), ElementsAre("label"));  // a word over nothing is no header
  EXPECT_THAT(read_column({write("names.txt", "bath spa\nshampoo\n"), ""}), ElementsAre("bath spa", "shampoo"));
  EXPECT_THAT(read_column({write("lone.csv", "label\nshoe 42\nclass 3 of 9\n"), "label"}),
              ElementsAre("shoe 42", "class 3 of 9"));
  EXPECT_THAT(read_column({write("two.txt", "size label\n42 shoe\n3 zip\n"), "label"}), ElementsAre("shoe", "zip"));
}

TEST_F(Import, TakesWordsForNothingAmongNumbersForNoLabel) {
  EXPECT_THAT(table("f0,target\n1,0.0\n2,NaN\n3,1.0\n4,<NA>\n")->labels(), ElementsAre("0", "", "1", ""));
  EXPECT_THAT(read_column({write("y.txt", "3\nNone\n4\n"), ""}), ElementsAre("3", "", "4"));
  // Among texts they are names.
  EXPECT_THAT(table("f0,label\n1,naan\n2,nan\n3,None\n")->labels(), ElementsAre("naan", "nan", "None"));
  EXPECT_THAT(table("f0,label\n1,NA\n2,NA\n")->labels(), ElementsAre("NA", "NA"));
}

TEST_F(Import, ReadsBarsBetweenFields) {
  const auto t = table("a|b|label\n1|2|x\n3|4|y\n");
  EXPECT_THAT(numbers(*t), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(t->labels(), ElementsAre("x", "y"));
}

TEST_F(Import, PassesAByteOrderMarkOverInEveryText) {
  EXPECT_THAT(table("\xEF\xBB\xBF"
                    "1 1:2 2:3\n1 1:4 2:5\n")
                  ->labels(),
              ElementsAre("1", "1"));
  EXPECT_THAT(read_column({write("marked.txt",
                                 "\xEF\xBB\xBF"
                                 "one\ntwo\n"),
                           ""}),
              ElementsAre("one", "two"));
}

TEST_F(Import, ReadsLibsvmTextWithoutLabels) {
  const auto t = table("1:2 3:4\n2:5\n7 1:6 2:7\n");
  EXPECT_THAT(numbers(*t), ElementsAre(2, 0, 4, 0, 5, 0, 6, 7, 0));
  EXPECT_THAT(t->labels(), ElementsAre("", "", "7"));
}

TEST_F(Import, TakesTheLabelsOfLibsvmText) {
  EXPECT_THAT(read_column({write("y.svm", "+1 1:2\n-1 1:3 # remark\n"), ""}), ElementsAre("1", "-1"));
}

TEST_F(Import, TakesRowNamesThatArePicturesForPaths) {  // a DataFrame with paths for its index
  const auto t = table(",0,1,label\nimg/0.jpg,1,2,cat\nimg/1.jpg,3,4,dog\n");
  EXPECT_THAT(numbers(*t), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(t->paths(), ElementsAre("img/0.jpg", "img/1.jpg"));
  EXPECT_THAT(t->labels(), ElementsAre("cat", "dog"));
  EXPECT_THAT(table(",path,0,label\na.jpg,b.jpg,1,cat\n")->paths(), ElementsAre("b.jpg"));
  EXPECT_TRUE(table(",0,1,label\none,1,2,cat\ntwo,3,4,dog\n")->paths().empty());
}

TEST_F(Import, NamesWhatItDoesNotRead) {
  EXPECT_THAT(refusal("[{\"label\": 1}]"), HasSubstr("JSON"));
  EXPECT_THAT(refusal("{\"X\": [[1]]}"), HasSubstr("JSON"));
  EXPECT_THAT(refusal("ARROW1\n"), HasSubstr("Feather"));
  EXPECT_THAT(refusal("\x80\x04\x95"), HasSubstr("pickle"));
  EXPECT_THAT(refusal("% of iris\n@RELATION iris\n@DATA\n1,x\n"), HasSubstr("loadarff"));
  EXPECT_THAT(refusal("%%MatrixMarket matrix coordinate real general\n"), HasSubstr("mmread"));
  EXPECT_THAT(refusal("a,b,label\n1,2,x\n3,NA,y\n"), HasSubstr("fill it"));
  EXPECT_THAT(refusal("MATLAB 5.0 MAT-file"), HasSubstr("MATLAB"));
  EXPECT_THAT(refusal("\xFF\xFE"
                      "f0"),
              HasSubstr("UTF-16"));
}

/// A version 1 array of NumPy.
std::string npy(const std::string& shape, const std::vector<float>& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize(117, ' ');
  header += '\n';
  std::string bytes("\x93NUMPY\x01\0", 8);
  bytes += {static_cast<char>(header.size()), '\0'};
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

TEST_F(Import, TakesDimensionsOfOneAway) {
  const auto t = open_table({write("a.npy", npy("2, 3, 1, 1", {1, 2, 3, 4, 5, 6})), ""}, "");
  EXPECT_EQ(t->width(), 3);
  EXPECT_THAT(numbers(*t), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(open_table({write("a.npy", npy("2, 1, 3", {1, 2, 3, 4, 5, 6})), ""}, "")->width(), 3);
  EXPECT_THROW(open_table({write("a.npy", npy("1, 2, 3", {1, 2, 3, 4, 5, 6})), ""}, ""), Error);
}

TEST_F(Import, TakesASingleOneForALabel) {
  EXPECT_THAT(read_column({write("y.npy", npy("2, 3", {0, 0, 1, 1, 0, 0})), ""}), ElementsAre("2", "0"));
  EXPECT_THROW(static_cast<void>(read_column({write("y.npy", npy("2, 3", {0, 1, 1, 1, 0, 0})), ""})), Error);
  EXPECT_THROW(static_cast<void>(read_column({write("y.npy", npy("2, 0", {})), ""})), Error);
}

TEST_F(Import, KnowsNamesOfRows) {
  EXPECT_TRUE(is_row_name("row-007"));
  EXPECT_FALSE(is_row_name("row-7.jpg"));
  EXPECT_FALSE(is_row_name("row-"));
}

}  // namespace
}  // namespace pool3
