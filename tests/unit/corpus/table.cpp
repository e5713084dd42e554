#include <gmock/gmock.h>

#include "unit/corpus/fixtures.hpp"

namespace pool3 {
namespace {

using test::labels_of;
using test::listed;
using test::listing_error;
using test::paths_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Table : public test::CorpusTest {
 protected:
  /// Where the error in a table is ("FILE:LINE", without the folder) and what it is.
  [[nodiscard]] std::string problem(const std::string& name, const std::string& content) const {
    const auto error = listing_error(write(name, content));
    return error.path.substr(error.path.rfind('/') + 1) + ": " + error.cause;
  }
};

TEST_F(Table, CsvWithHeaderInAnyOrder) {
  write("p/a.jpg", "123");
  const Manifest manifest = listed(write("t.csv", "label,note,path\nx,1,p/a.jpg\ny,2,p/0.jpg\n,3,c.jpg\n"), "column");
  EXPECT_THAT(paths_of(manifest), ElementsAre("c.jpg", "p/0.jpg", "p/a.jpg"));
  EXPECT_THAT(labels_of(manifest), ElementsAre("", "y", "x"));
  EXPECT_THAT(manifest.bytes, ElementsAre(-1, -1, 3));
  EXPECT_EQ(manifest.root, folder.string());
}

TEST_F(Table, CsvWithoutHeader) {
  const Manifest manifest = listed(write("t.CSV", "b.jpg,dog\na.jpg,cat"), "column");
  EXPECT_THAT(paths_of(manifest), ElementsAre("a.jpg", "b.jpg"));
  EXPECT_THAT(labels_of(manifest), ElementsAre("cat", "dog"));
  EXPECT_THAT(paths_of(listed(write("u.csv", "only.jpg\n"))), ElementsAre("only.jpg"));
}

TEST_F(Table, Quoting) {
  const std::string text =
      "\xEF\xBB\xBFpath,label\r\n"
      "\"a,b.jpg\",\"x \"\"y\"\"\"\r\n"
      "\r\n"
      "\"new\nline.jpg\",\"\"\r\n"
      "  spaces .jpg,z\r\n";
  const Manifest manifest = listed(write("t.csv", text), "column");
  EXPECT_THAT(paths_of(manifest), ElementsAre("  spaces .jpg", "a,b.jpg", "new\nline.jpg"));
  EXPECT_THAT(labels_of(manifest), ElementsAre("z", "x \"y\"", ""));
}

TEST_F(Table, Tsv) {
  const Manifest manifest = listed(write("t.tsv", "path\tlabel\na,b.jpg\tx y\n\"tab\t.jpg\"\tz\n"), "column");
  EXPECT_THAT(paths_of(manifest), ElementsAre("a,b.jpg", "tab\t.jpg"));
  EXPECT_THAT(labels_of(manifest), ElementsAre("x y", "z"));
}

TEST_F(Table, List) {
  const std::string absolute = write("elsewhere/1.jpg", "1234");
  const std::string text = "\xEF\xBB\xBF# a comment.jpg\r\n\n b,\"c\".jpg\n" + absolute + "\nlast.jpg";
  const Manifest manifest = listed(write("sub/list.txt", text));
  EXPECT_THAT(paths_of(manifest), ElementsAre(" b,\"c\".jpg", "# a comment.jpg", absolute, "last.jpg"));
  EXPECT_THAT(manifest.bytes, ElementsAre(-1, -1, 4, -1));
  EXPECT_THAT(labels_of(manifest), ElementsAre("", "", "elsewhere", ""));
  EXPECT_EQ(manifest.root, (folder / "sub").string());
}

TEST_F(Table, ErrorsNameTheLine) {
  EXPECT_EQ(problem("t.csv", "path\na.jpg\nb\".jpg\n"), "t.csv:3: a quote inside a field that is not quoted");
  EXPECT_EQ(problem("t.csv", "path\n\"a\nb.jpg\"\n\"c\"d\n"), "t.csv:4: text after a closing quote");
  EXPECT_EQ(problem("t.csv", "path\n\"a\n\nb.jpg\n"), "t.csv:2: a quote is not closed");
  EXPECT_EQ(problem("t.csv", "path,label\na.jpg,x\n\nb.jpg\n"), "t.csv:4: 1 fields, where the first row has 2");
  EXPECT_EQ(problem("t.csv", "path,label\n,x\n"), "t.csv:2: the path is empty");
  EXPECT_EQ(problem("t.csv", "path,path\n"), "t.csv:1: two columns are called path");
  EXPECT_EQ(problem("t.tsv", std::string("a.jpg\nb\0.jpg\n", 13)), "t.tsv:2: a NUL byte, so this is not text");
  EXPECT_EQ(problem("t.txt", std::string("a\0", 2)), "t.txt:1: a NUL byte, so this is not text");
  EXPECT_EQ(problem("t.csv", "path\n" + std::string(1'000'000, ',')), "t.csv:2: a row of more than 16384 fields");
  EXPECT_EQ(problem("t.txt", "a.jpg\n" + std::string(5000, 'x')), "t.txt:2: the path is longer than the system allows");
}

TEST_F(Table, RepeatsAreKeptOnce) {
  EXPECT_THAT(paths_of(listed(write("t.txt", "b.jpg\na.jpg\nb.jpg\n"))), ElementsAre("a.jpg", "b.jpg"));
  EXPECT_THAT(paths_of(listed(write("t.csv", "b.jpg,x\nb.jpg,x\n"), "column")), ElementsAre("b.jpg"));
  const auto error = listing_error(write("t.csv", "path,label\nb.jpg,x\na.jpg,x\nb.jpg,y\n"), "column");
  EXPECT_EQ(error.code, ExitCode::failed);
  EXPECT_THAT(error.cause, HasSubstr("lines 2 and 4 give \"b.jpg\" two labels: \"x\" and \"y\""));
}

TEST_F(Table, WithoutRowsIsAnError) {
  for (const char* text : {"", "\n\n", "path,label\n", "\xEF\xBB\xBF"}) {
    EXPECT_EQ(listing_error(write("t.csv", text), "column").cause, "no pictures found");
  }
}

TEST_F(Table, AMissingLabelColumnIsAUsageError) {
  EXPECT_EQ(listing_error(write("t.csv", "path,kind\na.jpg,x\n"), "column").code, ExitCode::usage);
  EXPECT_EQ(listing_error(write("t.txt", "a.jpg\n"), "column").code, ExitCode::usage);
}

TEST_F(Table, FoldersAndOddFilesInATableHaveNoSize) {
  write("sub/1.jpg");
  EXPECT_THAT(listed(write("t.txt", "sub\n/dev/null\nsub/1.jpg\n")).bytes, ElementsAre(-1, -1, 1));
}

TEST_F(Table, TheHashIsOfTheBytesInTheContract) {
  // For each row: path, NUL, size (8 bytes, little-endian), label, NUL. Python, with xxhash:
  // xxh3_128_hexdigest(b"a.jpg\0" + (300).to_bytes(8, "little") + b"cat\0" + b"b.jpg\0" + b"\xff" * 8 + b"\0")
  write("a.jpg", std::string(300, 'x'));
  EXPECT_EQ(listed(write("t.csv", "a.jpg,cat\nb.jpg,\n"), "column").hash, "1d2e9a97691d3fff9545bed656accb12");
}

}  // namespace
}  // namespace pool3
