#include <gmock/gmock.h>

#include "unit/corpus/fixtures.hpp"

namespace pool3 {
namespace {

using test::labels_of;
using test::listed;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Several : public test::CorpusTest {};

TEST_F(Several, OneIsChosen) {
  const std::string open_images =
      "ImageID,Source,LabelName,Confidence\nb,v,cat,0.2\na,v,cat,0\nb,v,dog,0.9\nb,v,eel,0.9\n"
      "c,v,,1\nc,v,fox,0.5\nd,v,cow,-\n";
  const auto listed_so = [&](const char* rule, const std::string& name, const std::string& text) {
    CorpusOptions options{.corpus = {write(name, text)}, .labels = parse_label_rule("auto"), .classes = {}};
    options.several_labels = parse_several_labels(rule);
    return listed(options);
  };
  const auto labels = [&](const char* rule) { return labels_of(listed_so(rule, "t.csv", open_images)); };
  EXPECT_THAT(labels("first"), ElementsAre("cat", "cat", "fox", "cow"));
  EXPECT_THAT(labels("none"), ElementsAre("cat", "", "fox", "cow"));
  EXPECT_THAT(labels("highest:Confidence"), ElementsAre("", "dog", "fox", ""));
  EXPECT_THAT(labels("highest:4"), ElementsAre("", "dog", "fox", ""));
  EXPECT_THAT(listed_so("first", "t.csv", open_images).notes,
              Contains("2 pictures have several labels in tables: they have that of the first row"));
  EXPECT_THAT(test::error_of([&] { return labels("highest:confidence"); }).advice, HasSubstr("Confidence"));
  EXPECT_THAT(test::error_of([&] { return labels("last"); }).advice, HasSubstr("refuse, none, first or highest:"));
  EXPECT_THAT(test::error_of([&] { return labels("refuse"); }).advice, HasSubstr("--several-labels first"));

  const std::string lines = R"({"file": "a.jpg", "label": "x", "p": 0.5})"
                            "\n"
                            R"({"file": "a.jpg", "label": "y", "p": 0.7})"
                            "\n";
  EXPECT_THAT(labels_of(listed_so("highest:p", "t.jsonl", lines)), ElementsAre("y"));
  const std::string coco = R"({"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
    "annotations": [{"image_id": 1, "category_id": 5, "area": 3}, {"image_id": 1, "category_id": 6, "area": 9}],
    "categories": [{"id": 5, "name": "x"}, {"id": 6, "name": "y"}]})";
  EXPECT_THAT(labels_of(listed_so("refuse", "t.json", coco)), ElementsAre("", ""));
  EXPECT_THAT(labels_of(listed_so("first", "t.json", coco)), ElementsAre("x", ""));
  EXPECT_THAT(labels_of(listed_so("highest:area", "t.json", coco)), ElementsAre("y", ""));
  EXPECT_THAT(test::error_of([&] { return listed_so("highest:score", "t.json", coco); }).cause, HasSubstr("no score"));
}

}  // namespace
}  // namespace pool3
