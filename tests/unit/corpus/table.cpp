#include <gmock/gmock.h>

#include "unit/corpus/fixtures.hpp"

namespace pool3 {
namespace {

using test::labels_of;
using test::listed;
using test::listing_error;
using test::paths_of;
using ::testing::Contains;
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

TEST_F(Table, LabelsOfTablesAndFoldersTogether) {
  write("pics/dogs/1.jpg");
  const CorpusOptions options{
      .corpus = {write("t.csv", "path,label\nx/1.jpg,cats\nx/2.jpg,\n"), (folder / "pics").string()},
      .labels = parse_label_rule("auto"),
      .classes = {}};
  EXPECT_THAT(labels_of(listed(options)), ElementsAre("dogs", "cats", ""));
  EXPECT_THAT(labels_of(listed(write("t.csv", "path,size\nx/1.jpg,7\n"), "auto")), ElementsAre("x"));
}

/// What listing a table says of its columns, and what is taken, as PATH=LABEL.
struct Taken {
  std::string rows, note;
};

class Sniffed : public Table {
 protected:
  [[nodiscard]] Taken taken(const std::string& text, const std::string& name = "t.csv",
                            CorpusOptions options = {}) const {
    options.corpus = {write(name, text)};
    options.labels = parse_label_rule("column");
    const Manifest manifest = listed(options);
    const auto paths = paths_of(manifest);
    const auto labels = labels_of(manifest);
    Taken result{{}, manifest.notes.empty() ? "" : manifest.notes[0]};
    for (std::size_t i = 0; i < paths.size(); ++i) result.rows += paths[i] + "=" + labels[i] + " ";
    return result;
  }
};

TEST_F(Sniffed, HeadersOfOtherTools) {
  for (const char* header : {"filename,class", "File Name,Category", "image_path,target", "FILE,CLS", "img,labels",
                             "filepath,class_name", "image,breed", "Bild,Klasse", "name,kind"}) {
    EXPECT_EQ(taken(std::string(header) + "\na/1.jpg,cat\nb.png,dog\n").rows, "a/1.jpg=cat b.png=dog ") << header;
  }
  EXPECT_EQ(taken("label,id\ncat,a.jpg\n").rows, "a.jpg=cat ");
  EXPECT_EQ(taken("width,file,split,category\n3,a.jpg,train,cat\n4,b.jpg,test,dog\n").rows, "a.jpg=cat b.jpg=dog ");
  EXPECT_EQ(taken("filename,path,label\nx,d/x.jpg,cat\n").rows, "d/x.jpg=cat ");
  EXPECT_EQ(taken("image_id,breed\nISIC_01,a\n").rows, "ISIC_01=a ");  // names without endings
}

TEST_F(Sniffed, SeparatorsOfOtherTools) {
  EXPECT_EQ(taken("path;label\na,b.jpg;cats, big\nc.jpg;dogs\n").rows, "a,b.jpg=cats, big c.jpg=dogs ");
  EXPECT_EQ(taken("a.jpg;1,5\nb.jpg;2,5\n").rows, "a.jpg=1,5 b.jpg=2,5 ");
  EXPECT_EQ(taken("a.jpg\tcat\nb.jpg\tdog\n").rows, "a.jpg=cat b.jpg=dog ");
  EXPECT_EQ(taken("path,label\na.jpg,cat\n", "t.tsv").rows, "a.jpg=cat ");
  EXPECT_EQ(taken("path,label\na;b.jpg,cat;x\n").rows, "a;b.jpg=cat;x ");
  EXPECT_EQ(taken("path;label;;\na.jpg;cat;;\n;;;\n").rows, "a.jpg=cat ");  // as spreadsheets save empty cells
  EXPECT_THAT(paths_of(listed(write("one.csv", "a;b.jpg\nc;d.jpg\n"))), ElementsAre("a;b.jpg", "c;d.jpg"));
}

TEST_F(Sniffed, ColumnsWithoutAHeader) {
  EXPECT_EQ(taken("cats/0.jpg,train,cats\ndogs/1.jpg,test,dogs\n").rows, "cats/0.jpg=cats dogs/1.jpg=dogs ");
  EXPECT_EQ(taken("cat,a.jpg\ndog,b.jpg\n").rows, "a.jpg=cat b.jpg=dog ");
  EXPECT_EQ(taken("a.jpg,train\nb.jpg,test\n").rows, "a.jpg=train b.jpg=test ");    // two columns are path and label
  EXPECT_EQ(taken("img/1,cat\nimg/2.jpg,dog\n").rows, "img/1=cat img/2.jpg=dog ");  // the first row is no header
  const auto error = listing_error(write("u.csv", "a.jpg,3,cats\nb.jpg,4,dogs\n"), "column");
  EXPECT_EQ(error.code, ExitCode::usage);
  EXPECT_THAT(error.cause, HasSubstr("2 columns without a header may be the label"));
}

TEST_F(Sniffed, AWordAboveNumbersIsAHeader) {
  EXPECT_EQ(taken("id_code,diagnosis\n0a1,2\n0b2,0\n0c3,4\n").rows, "0a1=2 0b2=0 0c3=4 ");
  EXPECT_EQ(taken("0a1,2\n0b2,0\n0c3,4\n").rows, "0a1=2 0b2=0 0c3=4 ");
  EXPECT_EQ(taken("u,v\n0a1,z\n0b2,0\n").rows, "0a1=z 0b2=0 u=v ");
}

TEST_F(Sniffed, QuotesInsideAFieldAreLetters) {
  EXPECT_EQ(taken("path\ttitle\tlabel\na.jpg\t24\" TV\tx\nb.jpg\tthe \"best\"\ty\n", "t.tsv").rows, "a.jpg=x b.jpg=y ");
  EXPECT_EQ(taken("path,label\na.jpg,24\" TV\n").rows, "a.jpg=24\" TV ");
}

TEST_F(Sniffed, SpreadsheetsMayNameTheSeparator) {
  EXPECT_EQ(taken("sep=;\r\npath;label\r\na,b.jpg;x\r\n").rows, "a,b.jpg=x ");
  EXPECT_EQ(taken("sep=|\npath|label\na.jpg|x,y\n").rows, "a.jpg=x,y ");
  EXPECT_EQ(taken("path|label\na.jpg|x\n").rows, "a.jpg=x ");
  EXPECT_EQ(taken("sep=,\npath,label\na.jpg\n").rows, "a.jpg= ");
}

TEST_F(Sniffed, ColumnsThatUsersName) {
  const std::string text = "thumb.png,file,kind,breed\nt/1.png,a.jpg,x,cat\nt/2.png,b.jpg,y,dog\n";
  EXPECT_EQ(taken(text, "t.csv", {.path_column = "file", .label_column = "kind"}).rows, "a.jpg=x b.jpg=y ");
  EXPECT_EQ(taken("a.jpg,3,cats\n", "t.csv", {.label_column = "3"}).rows, "a.jpg=cats ");
  EXPECT_EQ(taken("a.jpg,3,cats.png\n", "t.csv", {.path_column = "3", .label_column = "2"}).rows, "cats.png=3 ");
  CorpusOptions options{
      .corpus = {write("t.csv", "path,kind\na.jpg,x\n")}, .labels = parse_label_rule("auto"), .classes = {}};
  options.label_column = "sort";
  const auto error = listing_error(options);
  EXPECT_EQ(error.code, ExitCode::usage);
  EXPECT_THAT(error.cause, HasSubstr("has no column sort"));
  EXPECT_EQ(error.advice, "its columns are path, kind");
}

TEST_F(Sniffed, SaysWhatWasTakenForWhat) {
  EXPECT_THAT(
      taken("Bild;Klasse\na.jpg;cat\n").note,
      HasSubstr(
          "t.csv: semicolons between fields, with a header; paths are column 1 (Bild), labels column 2 (Klasse)"));
  EXPECT_THAT(taken("a.jpg,train,cat\n").note,
              HasSubstr("commas between fields, no header; paths are column 1, labels column 3"));
}

TEST_F(Sniffed, BlanksAroundLabelsDontCount) {
  const Taken found = taken("path, label\na.jpg,cats\nb.jpg,cats \nc.jpg, cats\n");
  EXPECT_EQ(found.rows, "a.jpg=cats b.jpg=cats c.jpg=cats ");
  EXPECT_THAT(listed(folder / "t.csv", "column").notes,
              ::testing::Contains(HasSubstr("2 labels have blanks around them")));
}

TEST_F(Sniffed, ListsOfPathAndLabel) {
  EXPECT_EQ(taken("a/1.jpg 3\nb c.jpg 12\n", "train.txt").rows, "a/1.jpg=3 b c.jpg=12 ");
  EXPECT_EQ(taken("a.jpg\tcat\n", "l.lst").rows, "a.jpg=cat ");
  EXPECT_THAT(paths_of(listed(write("l.txt", "a.jpg 3\nb 4.jpg\n"))), ElementsAre("a.jpg 3", "b 4.jpg"));
}

/// As programs of Windows write it.
std::string utf16(const std::u16string& text, bool little) {
  std::string bytes = little ? "\xFF\xFE" : "\xFE\xFF";
  for (const char16_t unit : text) {
    const auto high = static_cast<char>(unit >> 8), low = static_cast<char>(unit & 0xFF);
    bytes += little ? std::string{low, high} : std::string{high, low};
  }
  return bytes;
}

TEST_F(Sniffed, Utf16IsRead) {
  const std::u16string text = u"path\tlabel\r\na.jpg\tcaf\u00e9\r\n\u732b.jpg\t\U0001F431\r\n";
  for (const bool little : {true, false}) {
    for (const char* name : {"t.csv", "t.tsv", "t.txt"})
      EXPECT_EQ(taken(utf16(text, little), name).rows, "a.jpg=caf\xc3\xa9 \xe7\x8c\xab.jpg=\xf0\x9f\x90\xb1 ") << name;
  }
  EXPECT_EQ(taken(utf16(u"path,label\na.jpg,x\xD83Dy\n", true)).rows, "a.jpg=x\xef\xbf\xbdy ");  // half of a pair
  std::u16string many = u"path,label\n";
  constexpr int rows = 60'000;  // more than is held at a time
  for (int i = 0; i < rows; ++i) many += u"d/" + std::u16string(20, u'\u732b') + u".jpg,caf\u00e9\n";
  many += u"z.jpg,last\n";
  EXPECT_EQ(labels_of(listed(write("many.csv", utf16(many, true)), "column")).back(), "last");
  EXPECT_THAT(listing_error(write("t.csv", std::string("\xFF\xFE\0\0p\0\0\0", 8)), "column").cause,
              HasSubstr("UTF-32"));
}

/// What listing says beside the columns.
class Odd : public Sniffed {
 protected:
  [[nodiscard]] std::string notes_of(const std::string& name) const {
    std::string all;
    for (const std::string& note : listed(folder / name, "column").notes) all += note + "\n";
    return all;
  }
};

TEST_F(Odd, CommasThatNobodyQuotedBelongToTheLongestTexts) {
  EXPECT_EQ(taken("path,label\na.jpg,red, white\nb.jpg,x\n").rows, "a.jpg=red, white b.jpg=x ");
  EXPECT_THAT(notes_of("t.csv"), HasSubstr("1 row with more than 2 fields"));
  EXPECT_THAT(notes_of("t.csv"), HasSubstr("the first: line 2"));
  const std::string rows = "1.jpg,Shirts,Turtle Check Men Navy Blue Shirt\n2.jpg,Watches,Titan, Women, Silver\n";
  EXPECT_EQ(taken("path,label,title\n" + rows).rows, "1.jpg=Shirts 2.jpg=Watches ");
  EXPECT_EQ(taken("path,title,label\n1.jpg,Turtle Check Men Shirt,x\n2.jpg,Titan, Silver,y\n").rows,
            "1.jpg=x 2.jpg=y ");
  EXPECT_EQ(taken("label,path\nred, white,a.jpg\nx,b.jpg\n").rows, "a.jpg=red, white b.jpg=x ");
  EXPECT_EQ(taken("a.jpg,red, white\nb.jpg,x\nc.jpg,y\n").rows, "a.jpg=red, white b.jpg=x c.jpg=y ");  // no header
  EXPECT_EQ(taken("path;label\na.jpg;x;\nb.jpg;y\n").rows, "a.jpg=x b.jpg=y ");
  EXPECT_THAT(notes_of("t.csv"), ::testing::Not(HasSubstr("more than")));  // an empty field too much is nothing
}

TEST_F(Odd, FieldsThatLackAreEmpty) {
  EXPECT_EQ(taken("path,label\na.jpg,x\n\nb.jpg\n").rows, "a.jpg=x b.jpg= ");
  EXPECT_THAT(notes_of("t.csv"),
              HasSubstr("1 row with less than 2 fields: the last are taken for empty (the first: line 4)"));
  EXPECT_EQ(taken("label,path\nx,a.jpg\ny\n").rows, "a.jpg=x ");
  EXPECT_THAT(notes_of("t.csv"), HasSubstr("1 row without a path, which are left out (the first: line 3)"));
}

TEST_F(Odd, AProductWithoutAPictureIsLeftOut) {
  EXPECT_EQ(taken("path,label\na.jpg,x\n,y\n ,z\n").rows, "a.jpg=x ");
  EXPECT_THAT(notes_of("t.csv"), HasSubstr("2 rows without a path, which are left out (the first: line 3)"));
}

TEST_F(Odd, AnAddressAmongPathsIsAPictureThatIsNotThere) {
  const Manifest manifest = listed(write("t.csv", "path,label\na.jpg,x\nhttps://b.example/c.jpg,y\n"), "column");
  EXPECT_THAT(paths_of(manifest), ElementsAre("a.jpg", "https://b.example/c.jpg"));
  EXPECT_THAT(manifest.bytes, ElementsAre(-1, -1));
  EXPECT_THAT(listing_error(write("t.csv", "path,label\nhttps://b.example/c.jpg,y\na.jpg,x\n")).cause,
              HasSubstr("an address"));
}

TEST_F(Odd, QuotesThatPeopleMeant) {
  EXPECT_EQ(taken("path,label\na.jpg, \"x, y\"\n \"b.jpg\" , \"z\" \n").rows, "a.jpg=x, y b.jpg=z ");
  EXPECT_EQ(taken("path,label\na.jpg,\"red\" wine\nb.jpg,\"a \"b\" c\"\n").rows, "a.jpg=red wine b.jpg=a b\" c\" ");
  EXPECT_EQ(taken("path,label\na.jpg," +
                  [] {
                    std::string quotes;
                    for (int i = 0; i < 200'000; ++i) quotes += "\"\" ";
                    return quotes;
                  }() +
                  "\n")
                .rows.substr(0, 6),
            "a.jpg=");  // no depth of calls
}

TEST_F(Odd, RemarksAreNoRows) {
  EXPECT_EQ(taken("# made by hand\n# twice\npath,label\na.jpg,x\n").rows, "a.jpg=x ");
  EXPECT_EQ(taken("#path,label\na.jpg,x\n#b.jpg,y,z\n").rows, "a.jpg=x ");
  EXPECT_EQ(taken("# my list\na.jpg x\n#b.jpg y\n", "l.txt").rows, "a.jpg=x ");
  EXPECT_THAT(notes_of("l.txt"), HasSubstr("2 lines begin with # and are left out as remarks"));
  write("#2.jpg");
  EXPECT_EQ(taken("a.jpg x\n#2.jpg y\n", "l.txt").rows, "#2.jpg=y a.jpg=x ");  // there is such a file
}

TEST_F(Odd, ListsOfPublicSets) {
  EXPECT_EQ(taken("2\nimage_name  category_label\nimg/1.jpg       3\nimg/2.jpg   14\n", "l.txt").rows,
            "img/1.jpg=3 img/2.jpg=14 ");
  EXPECT_THAT(notes_of("l.txt"), HasSubstr("blanks between fields, with a header; paths are column 1 (image_name)"));
  const std::string faces = "2\nBald Young \n000001.jpg -1  1\n000002.jpg  1 -1\n";
  EXPECT_EQ(taken(faces, "l.txt", {.label_column = "Young"}).rows, "000001.jpg=1 000002.jpg=-1 ");
  for (const int i : {1, 2}) write("images/pug_" + std::to_string(i) + ".jpg");
  EXPECT_EQ(taken("#Image CLASS SPECIES BREED\n#ID: 1:37 Class ids\npug_1 7 2 9\npug_2 8 2 9\n", "annotations/list.txt",
                  {.label_column = "2"})
                .rows,
            "../images/pug_1.jpg=7 ../images/pug_2.jpg=8 ");
  for (const char* header :
       {"image,label\na.jpg,x\n", "image\tlabel\na.jpg\tx\n", "image label\na.jpg x\n", "#image label\na.jpg x\n"})
    EXPECT_EQ(taken(header, "l.txt").rows, "a.jpg=x ") << header;
  EXPECT_THAT(paths_of(listed(write("l.txt", "path\na,b.jpg\nc d.jpg\n"))), ElementsAre("a,b.jpg", "c d.jpg"));
}

TEST_F(Odd, PathsMayStartElsewhere) {
  write("data/train/a.jpg", "123");
  CorpusOptions options{
      .corpus = {write("lists/t.csv", "path,label\na.jpg,x\n")}, .labels = parse_label_rule("auto"), .classes = {}};
  options.path_root = (folder / "data/train").string();
  const Manifest manifest = listed(options);
  EXPECT_EQ(manifest.root, options.path_root);
  EXPECT_THAT(manifest.bytes, ElementsAre(3));
  EXPECT_THAT(labels_of(manifest), ElementsAre("x"));
}

TEST_F(Sniffed, Windows1252IsReadAsSuch) {
  const auto found = listed(write("t.csv", "path,label\na.jpg,tea\nb.jpg,caf\xe9\nc.jpg,\x80 5\n"), "column");
  EXPECT_THAT(labels_of(found), ElementsAre("tea", "café", "€ 5"));
  EXPECT_THAT(found.notes, Contains(HasSubstr("is no UTF-8, and is read as Windows-1252 (Latin-1), as in café")));
  EXPECT_THAT(labels_of(listed(write("l.txt", "a.jpg na\xefve\n"), "column")), ElementsAre("naïve"));
  EXPECT_THAT(labels_of(listed(write("l.txt", "a.jpg na\xefve\rb.jpg x\r"), "column")), ElementsAre("naïve", "x"));
  EXPECT_EQ(taken("path,label\na.jpg,caf\xc3\xa9\n").rows, "a.jpg=caf\xc3\xa9 ");
  // The first such letter is behind all that is held of a file at once.
  std::string text = "path,label\n";
  while (text.size() < 5'000'000) text += "a.jpg,a class with quite a name\n";
  const auto late = listed(write("t.csv", text + "b.jpg,caf\xe9\n"), "column");
  EXPECT_THAT(labels_of(late), ElementsAre("a class with quite a name", "café"));
  EXPECT_THAT(late.notes, Contains(HasSubstr("as in café")));
}

TEST_F(Sniffed, FilesMayBeCalledInWindows1252) {
  const auto paths = [&] { return paths_of(listed(write("t.csv", "path,label\ncaf\xe9.jpg,\xe9\n"), "column")); };
  EXPECT_THAT(paths(), ElementsAre("café.jpg"));
  write("caf\xe9.jpg");
  EXPECT_THAT(paths(), ElementsAre("caf\xe9.jpg"));
  write("café.jpg");
  EXPECT_THAT(paths(), ElementsAre("café.jpg"));
}

TEST_F(Sniffed, LabelsThatMayBeAnythingAreRefused) {
  const std::string cafe = "path,label\na.jpg,tea\nb.jpg,caf\xe9\n";
  for (const char* more : {"c.jpg,caf\xc3\xa9\n", "c.jpg,\x81\n", "c.jpg,\x1b\n"}) {  // UTF-8 too; no letters
    const auto error = listing_error(write("t.csv", cafe + more), "column");
    EXPECT_EQ(error.path, (folder / "t.csv:3").string());
    EXPECT_EQ(error.cause, "the label caf\\xe9 is not UTF-8 from its byte 4 (\\xe9) on");
    EXPECT_THAT(error.advice, HasSubstr("iconv -f ENCODING -t utf-8"));
  }
  EXPECT_THAT(labels_of(listed(write("t.csv", "path,label\nb/1.jpg,caf\xe9\x81\n"), "directory")), ElementsAre("b"));
}

TEST_F(Table, List) {
  const std::string absolute = write("elsewhere/1.jpg", "1234");
  write("sub/# no remark.jpg");
  const std::string text = "\xEF\xBB\xBF# no remark.jpg\r\n\n b,\"c\".jpg\n" + absolute + "\nlast.jpg";
  const Manifest manifest = listed(write("sub/list.txt", text));
  EXPECT_THAT(paths_of(manifest), ElementsAre(" b,\"c\".jpg", "# no remark.jpg", absolute, "last.jpg"));
  EXPECT_THAT(manifest.bytes, ElementsAre(-1, 1, 4, -1));
  EXPECT_THAT(labels_of(manifest), ElementsAre("", "", "elsewhere", ""));
  EXPECT_EQ(manifest.root, (folder / "sub").string());
}

TEST_F(Table, ErrorsNameTheLine) {
  EXPECT_EQ(problem("t.csv", "path\n\"a\nb.jpg\"\n\"c\nd\"e\n"), "t.csv:5: text after a closing quote");
  EXPECT_EQ(problem("t.csv", "path\n\"a\n\nb.jpg\n"), "t.csv:2: a quote is not closed");
  EXPECT_EQ(problem("t.csv", "path,label\n,x\n"), "t.csv:2: the path is empty, and so are all others");
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
  EXPECT_THAT(error.advice, HasSubstr("--several-labels first"));
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
