// The parts of the page on a catalogue.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "pool3/error.hpp"
#include "pool3/report/catalogue_page.hpp"
#include "report/base64.hpp"
#include "report/catalogue/audit_lists.hpp"
#include "report/catalogue/calibration_curves.hpp"
#include "report/catalogue/job_timeline.hpp"
#include "report/catalogue/map_points.hpp"
#include "report/catalogue/search_table.hpp"
#include "report/catalogue/sprites.hpp"

namespace pool3 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

JudgedRow judged(Row row, std::int32_t truth, std::int32_t predicted, double confidence) {
  return {.row = row, .truth = truth, .predicted = predicted, .confidence = confidence, .of_truth = 0.1};
}

TEST(Base64, IsThatOfTheStandard) {  // RFC 4648, 10
  EXPECT_EQ(report::base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(report::base64("foob"), "Zm9vYg==");
  EXPECT_EQ(report::base64(""), "");
  const std::string large(7'000'001, 'a');
  EXPECT_EQ(report::base64(large).size(), (large.size() + 2) / 3 * 4);
  EXPECT_EQ(report::base64(large).substr(4 << 20, 4), "YWFh");
}

TEST(PolicyHash, IsTheSha256OfTheText) {  // of "abc": FIPS 180-4
  EXPECT_EQ(report::policy_hash("abc"), "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='");
}

TEST(RowsToShow, AreAllOfASmallCatalogue) {
  const std::vector<std::int32_t> labels(20, 0);
  const std::vector<Row> usable = {1, 4, 7};
  EXPECT_THAT(rows_to_show(labels, usable, {}, {.all_up_to = 3}), ElementsAre(1, 4, 7));
}

TEST(RowsToShow, OfALargeOneAreErrorsAndExamples) {
  std::vector<std::int32_t> labels(1000);
  std::vector<Row> usable;
  std::vector<JudgedRow> rows;
  for (Row i = 0; i < 1000; ++i) {
    labels[static_cast<std::size_t>(i)] = static_cast<std::int32_t>(i % 5);
    usable.push_back(i);
    if (i % 4 == 0)
      rows.push_back(
          judged(i, static_cast<std::int32_t>(i % 5), i % 100 == 0 ? 4 : static_cast<std::int32_t>(i % 5), 0.5));
  }
  const auto shown = rows_to_show(labels, usable, rows, {.all_up_to = 10, .most = 200, .examples = 3, .of_a_pair = 2});
  EXPECT_LT(std::ssize(shown), 60);
  EXPECT_TRUE(std::ranges::is_sorted(shown));
  for (const JudgedRow& row : rows) EXPECT_TRUE(row.truth == row.predicted || std::ranges::count(shown, row.row) == 1);
  for (std::int32_t k = 0; k < 5; ++k)
    EXPECT_GE(std::ranges::count_if(shown, [&](Row r) { return labels[static_cast<std::size_t>(r)] == k; }), 3) << k;
  EXPECT_LE(std::ssize(rows_to_show(labels, usable, rows, {.all_up_to = 10, .most = 12})), 12);
}

TEST(Sprites, HoldEachPictureInItsPlace) {
  std::vector<Image> pictures;
  pictures.reserve(30);
  for (int i = 0; i < 30; ++i)
    pictures.push_back({40, 20, std::vector<std::uint8_t>(2400, static_cast<std::uint8_t>(8 * i))});
  pictures[7].pixels.clear();
  std::vector<const Image*> pointers;
  pointers.reserve(pictures.size());
  for (const Image& p : pictures) pointers.push_back(&p);
  const auto sprites = report::lay_out(pointers, 48, 1'000'000, 200);  // 16 of a sheet
  ASSERT_EQ(sprites.sheets.size(), 2U);
  EXPECT_EQ(sprites.places[7].sheet, -1);
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const report::Place& place = sprites.places[i];
    if (i == 7) continue;
    const Image sheet = decode(std::as_bytes(std::span(sprites.sheets[static_cast<std::size_t>(place.sheet)])));
    ASSERT_LE(sheet.width, 200);
    EXPECT_EQ(place.width, 40);
    const std::size_t middle = static_cast<std::size_t>(((place.y + 10) * sheet.width + place.x + 20) * 3);
    EXPECT_NEAR(sheet.pixels[middle], 8 * i, 3) << i;
  }
}

TEST(Sprites, BecomeCoarserRatherThanLarge) {
  std::vector<Image> pictures(50, {48, 48, {}});
  std::uint32_t state = 1;
  for (Image& p : pictures)
    for (int i = 0; i < 48 * 48 * 3; ++i)
      p.pixels.push_back(static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24));
  std::vector<const Image*> pointers;
  pointers.reserve(pictures.size());
  for (const Image& p : pictures) pointers.push_back(&p);
  const auto fine = report::lay_out(pointers, 48, 10'000'000), coarse = report::lay_out(pointers, 48, 1);
  EXPECT_LT(coarse.sheets[0].size() * 2, fine.sheets[0].size());
}

TEST(Reliability, HasAsManyRowsInEachBin) {
  std::vector<JudgedRow> rows;
  rows.reserve(100);
  for (int i = 0; i < 100; ++i) rows.push_back(judged(i, 0, i % 4 == 0 ? 1 : 0, i / 100.0));
  const auto curve = report::reliability_curve(rows, 5);
  ASSERT_EQ(curve.size(), 5U);
  for (std::size_t bin = 0; bin < 5; ++bin) {
    EXPECT_EQ(curve[bin].rows, 20);
    EXPECT_NEAR(curve[bin].confidence, 0.2 * static_cast<double>(bin) + 0.095, 1e-12);
    EXPECT_NEAR(curve[bin].accuracy, 0.75, 1e-12);
    EXPECT_LT(curve[bin].interval.low, 0.75);
    EXPECT_GT(curve[bin].interval.high, 0.75);
  }
  EXPECT_EQ(report::reliability_curve(std::span(rows).first(25), 5).size(), 2U);
  EXPECT_TRUE(report::reliability_curve({}, 5).empty());
}

TEST(Risk, IsThatOfTheSurestRows) {
  const std::vector<JudgedRow> rows = {judged(0, 0, 0, 0.9), judged(1, 0, 1, 0.2), judged(2, 0, 0, 0.8),
                                       judged(3, 0, 1, 0.5)};
  const auto curve = report::risk_curve(rows, 10);
  ASSERT_EQ(curve.size(), 4U);
  EXPECT_EQ(curve[0].risk, 0);
  EXPECT_EQ(curve[1].risk, 0);
  EXPECT_NEAR(curve[2].risk, 1.0 / 3, 1e-12);
  EXPECT_EQ(curve[3].risk, 0.5);
  EXPECT_EQ(curve[3].coverage, 1);
  EXPECT_EQ(curve[3].confidence, 0.2);
  EXPECT_EQ(report::risk_curve(rows, 2).size(), 2U);
}

TEST(SearchForPage, NamesTheBestAndTheSimplest) {
  const auto point = [](double C, std::vector<double> folds) {
    return nlohmann::json{{"kernel", "linear"}, {"C", C}, {"mean", 0}, {"fold_accuracy", folds}, {"seconds", 1}};
  };
  nlohmann::json table = {{"format", "pool3 search"}, {"folds", 4}, {"best", 1}, {"scoring", "accuracy"}};
  table["points"] = {point(0.1, {0.79, 0.81, 0.8, 0.8}), point(1, {0.70, 0.92, 0.8, 0.82}),
                     point(10, {0.6, 0.6, 0.6, 0.6})};
  const auto page = report::search_for_page(table.dump());
  EXPECT_EQ(page["best"], 1);
  EXPECT_EQ(page["simplest"], 0);  // 0.8 is within 0.045 of 0.81
  EXPECT_NEAR(page["points"][0]["mean"].get<double>(), 0.8, 1e-12);
  EXPECT_NEAR(page["points"][1]["error"].get<double>(), 0.0451, 1e-4);
  EXPECT_THROW((void)report::search_for_page("{}"), Error);
  EXPECT_THROW((void)report::search_for_page("no JSON"), Error);
  EXPECT_THROW((void)report::search_for_page(R"({"format": "pool3 search"})"), Error);
}

TEST(SearchForPage, NamesNoPointThatIsNotThere) {
  const nlohmann::json point = {{"C", 1}, {"mean", 0.5}, {"fold_accuracy", {0.5, 0.5}}};
  for (const std::int64_t best : {-1, 1, 1'000'000}) {
    const nlohmann::json table = {{"format", "pool3 search"}, {"folds", 2}, {"best", best}, {"points", {point}}};
    EXPECT_EQ(report::search_for_page(table.dump())["taken"], 0) << best;
  }
}

/// Copying what lies so deep would take more than the stack.
TEST(ForPage, JsonThatIsNestedTooDeeplyIsRefused) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_THROW((void)report::search_for_page(R"({"format": "pool3 search", "points": [], "folds": )" + deep + "}"),
               Error);
  EXPECT_THROW((void)report::audit_for_page(R"({"lists": {"a": [{"row": )" + deep + "}]}}"), Error);
  EXPECT_THROW((void)rows_of_audit(R"({"lists": {"a": [{"row": )" + deep + "}]}}"), Error);
  const auto lanes =
      report::timeline_for_page({R"({"time":1,"kind":"rank","stage":"a","elapsed_seconds":)" + deep + "}\n" +
                                 R"({"time":7,"rank":0,"kind":"rank","stage":"b","elapsed_seconds":5})"});
  EXPECT_EQ(lanes["ranks"][0]["spans"].size(), 1U);
}

TEST(Lanes, AreThoseOfTheLastLife) {
  const std::string root =
      R"({"time":100,"rank":0,"kind":"progress","stage":"extract","elapsed_seconds":5}
{"time":101,"rank":0,"kind":"end","exit_code":75}
{"time":205,"rank":0,"kind":"progress","stage":"extract","elapsed_seconds":5}
{"time":210,"rank":0,"kind":"progress","stage":"extract","elapsed_seconds":10}
no JSON
{"time":210,"rank":0,"kind":"rank","stage":"extract","images":40,"read_seconds":1,"network_seconds":7.5,"elapsed_seconds":10}
{"time":220,"rank":0,"kind":"progress","stage":"search","elapsed_seconds":8}
)";
  const std::string other =
      R"({"time":99,"rank":1,"kind":"rank","stage":"extract","images":1,"elapsed_seconds":4}
{"time":209,"rank":1,"kind":"rank","stage":"extract","images":30,"elapsed_seconds":9}
)";
  const auto lanes = report::timeline_for_page({root, other});
  EXPECT_EQ(lanes["seconds"], 20);
  ASSERT_EQ(lanes["stages"].size(), 2U);
  EXPECT_EQ(lanes["stages"][0]["end"], 10);
  EXPECT_EQ(lanes["stages"][1]["begin"], 12);
  EXPECT_EQ(lanes["ranks"][0]["spans"][0]["parts"]["network"], 7.5);
  EXPECT_EQ(lanes["ranks"][1]["spans"].size(), 1U);
  EXPECT_EQ(lanes["ranks"][1]["spans"][0]["images"], 30);
  EXPECT_TRUE(report::timeline_for_page({"nothing"}).is_null());
  EXPECT_TRUE(report::timeline_for_page({}).is_null());
}

TEST(Lanes, StagesWithoutPicturesCountToo) {
  // Parts of a training are told as they go, then the whole; times are to the millisecond.
  const std::string root =
      R"({"time":100,"at":100.25,"kind":"progress","stage":"search","elapsed_seconds":0.25}
{"time":100,"at":100.5,"kind":"rank","stage":"search","communication_seconds":0.125,"communication_bytes":8,"elapsed_seconds":0.5}
{"time":100,"at":100.5,"kind":"progress","stage":"search","elapsed_seconds":0.5}
{"time":101,"at":101.0,"kind":"progress","stage":"train","elapsed_seconds":0.25}
{"time":101,"at":101.5,"kind":"progress","stage":"train","elapsed_seconds":0.25}
{"time":102,"at":102.0,"kind":"progress","stage":"train","elapsed_seconds":1.5}
{"time":102,"at":102.5,"kind":"progress","stage":"evaluate","elapsed_seconds":0.5}
)";
  const auto lanes = report::timeline_for_page({root});
  EXPECT_EQ(lanes["seconds"], 2.5);
  ASSERT_EQ(lanes["stages"].size(), 3U);
  EXPECT_EQ(lanes["stages"][0]["begin"], 0);
  EXPECT_EQ(lanes["stages"][0]["end"], 0.5);
  EXPECT_EQ(lanes["stages"][1]["begin"], 0.5);
  EXPECT_EQ(lanes["stages"][1]["end"], 2);
  EXPECT_EQ(lanes["stages"][2]["stage"], "evaluate");
  ASSERT_EQ(lanes["ranks"][0]["spans"].size(), 1U);
  EXPECT_EQ(lanes["ranks"][0]["spans"][0]["messages"], 0.125);
}

CataloguePage small_page() {
  CataloguePage page{
      .title = "<shop>", .facts = {{"weights", "</script>"}}, .notes = {}, .command = {}, .config = R"({"x": "<!--"})"};
  page.classes = {"<img src=x onerror=alert(1)>", std::string(200, 'w')};
  page.class_rows = {3, 2};
  page.rows = 5;
  page.labelled = 5;
  page.rows_are = "held-out";
  page.evaluation = evaluate_counts(page.classes, {1, 1, 0, 2});
  page.judged = {judged(0, 0, 0, 0.9), judged(1, 0, 1, 0.8), judged(3, 1, 1, 0.7), judged(4, 1, 1, 0.6)};
  page.labels = {0, 0, 0, 1, 1};
  page.measures = {.accuracy_interval = {0.5, 1}, .top5_accuracy = 1, .probabilities = true};
  for (Row row = 0; row < 5; ++row)
    page.shown.push_back({.row = row,
                          .path = "</script><b>.png",
                          .label = page.labels[static_cast<std::size_t>(row)],
                          .thumbnail = {2, 1, std::vector<std::uint8_t>(6, 9)}});
  return page;
}

TEST(CataloguePage, HoldsNoMarkupFromOutside) {
  const std::string html = html_of(small_page());
  EXPECT_THAT(html, HasSubstr("<h1>&lt;shop&gt;</h1>"));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
  EXPECT_THAT(html, HasSubstr(R"(\u003cimg src=x onerror)"));
  std::int64_t ends = 0;
  for (std::size_t at = html.find("</script>"); at != std::string::npos; at = html.find("</script>", at + 1)) ++ends;
  EXPECT_EQ(ends, 3);  // data, pictures, the script itself
}

TEST(CataloguePage, LetsNothingInButItsOwnScriptAndStyle) {
  const std::string html = html_of(small_page());
  std::smatch policy;
  ASSERT_TRUE(
      std::regex_search(html, policy, std::regex("http-equiv=\"Content-Security-Policy\" content=\"([^\"]*)\"")));
  const std::string text = policy[1];
  EXPECT_THAT(text, HasSubstr("default-src 'none';"));
  EXPECT_THAT(text, Not(HasSubstr("unsafe")));
  EXPECT_THAT(text, Not(HasSubstr("http")));
  const std::size_t begin = html.rfind("<script>") + 8;
  EXPECT_THAT(text,
              HasSubstr("script-src " + report::policy_hash(html.substr(begin, html.rfind("</script>") - begin))));
  const std::size_t style = html.find("<style>") + 7;
  EXPECT_THAT(text, HasSubstr("style-src " + report::policy_hash(html.substr(style, html.find("</style>") - style))));
}

TEST(CataloguePage, IsTheSameEachTime) { EXPECT_EQ(html_of(small_page()), html_of(small_page())); }

TEST(MapForPage, IsASampleAndAShadeOfManyRows) {
  CataloguePage page = small_page();
  page.map = MapOfRows{.positions = {}, .rows = {}, .facts = {}};
  for (Row row = 0; row < 5; ++row) {
    page.map->positions.push_back({static_cast<float>(row), row == 2 ? NAN : 1.0F});
    page.map->rows.push_back(row);
  }
  const auto all = report::map_for_page(page);
  EXPECT_EQ(all["total"], 4);
  EXPECT_FALSE(all.contains("density"));
  EXPECT_EQ(all["said"], report::base64(std::string("\1\2\1\1", 4)));
  const auto some = report::map_for_page(page, {.all_up_to = 3, .sample = 2, .density_side = 4});
  EXPECT_EQ(some["total"], 4);
  EXPECT_EQ(some["rows"].get<std::string>().size(), (2 * 4 + 2) / 3 * 4);
  EXPECT_EQ(some["density"].get<std::string>().size(), 24U);  // 16 bytes
}

}  // namespace
}  // namespace pool3
