#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pool3/report.hpp"

namespace pool3 {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Escaped, LeavesNothingThatHtmlReads) {
  EXPECT_EQ(escaped("<a href=\"x\">&'</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;'&lt;/a&gt;");
  EXPECT_EQ(escaped("caf\xc3\xa9 \xf0\x9f\x98\x80"), "caf\xc3\xa9 \xf0\x9f\x98\x80");
}

TEST(Escaped, ReplacesWhatIsNoText) {
  EXPECT_EQ(escaped(std::string("a\tb\nc\0d\x7f", 8)), "a\\tb\\nc\\x00d\\x7f");
  EXPECT_EQ(escaped("latin \xe9."), "latin \\xe9.");
  // NOLINTNEXTLINE(misc-misleading-bidirectional): what is tested
  EXPECT_EQ(escaped("<\u202e>"), "&lt;\\u202e&gt;");
  EXPECT_EQ(escaped(""), "");
}

TEST(Page, HoldsItsPicturesAndEscapesAllTexts) {
  Page page{.title = "<title>", .facts = {{"<name>", "a & b"}}, .figures = {}, .config = R"({"x": "<"})"};
  page.figures.push_back({.title = "\"maps\"", .caption = "<p>", .file_name = "maps.png", .file = "Man", .width = 640});
  page.figures.push_back(
      {.title = "chart", .caption = "", .file_name = "chart.svg", .file = "Ma", .width = 10, .pixelated = true});
  const std::string html = html_of(page);
  EXPECT_THAT(html, HasSubstr("<h1>&lt;title&gt;</h1>"));
  EXPECT_THAT(html, HasSubstr("<tr><th>&lt;name&gt;</th><td>a &amp; b</td></tr>"));
  EXPECT_THAT(html, HasSubstr("<img width=\"640\" alt=\"&quot;maps&quot;\" src=\"data:image/png;base64,TWFu\">"));
  EXPECT_THAT(html, HasSubstr("<img class=\"pixelated\" width=\"10\" alt=\"chart\" "
                              "src=\"data:image/svg+xml;base64,TWE=\">"));
  EXPECT_THAT(html, HasSubstr("<pre>{&quot;x&quot;: &quot;&lt;&quot;}</pre>"));
  EXPECT_THAT(html, Not(HasSubstr("<title><title>")));
}

TEST(Chart, HasAStrokeForEachFeatureAndATickForEachEighth) {
  for (const std::size_t width : {64, 2048}) {
    std::vector<float> feature(width, 0.5F);
    feature[3] = 4.2F;
    const std::string svg = feature_chart(feature, "a < b");
    EXPECT_THAT(svg, HasSubstr("a &lt; b"));
    EXPECT_THAT(svg, HasSubstr(">" + std::to_string(width) + " channels, mean "));
    EXPECT_THAT(svg, HasSubstr(">" + std::to_string(width / 8 * 7) + "</text>"));
    const std::string bars = svg.substr(svg.find("id=\"bars\""));
    EXPECT_EQ(static_cast<std::size_t>(std::count(bars.begin(), bars.end(), 'V')), width);
  }
}

TEST(Maps, AreTiledNearSquareWithLinesBetweenThem) {
  StageOutput stage{.name = "s", .channels = 5, .height = 2, .width = 2, .values = {}};
  for (int c = 0; c < 5; ++c)
    for (int i = 0; i < 4; ++i) stage.values.push_back(c == 4 ? 7.0F : static_cast<float>(i));
  const GridLayout layout = grid_layout(stage);
  EXPECT_EQ(layout.columns, 3);
  EXPECT_EQ(layout.rows, 2);
  const GreyImage grid = tile_maps(stage);
  EXPECT_EQ(grid.width, 3 * 3 - 1);
  EXPECT_EQ(grid.height, 2 * 3 - 1);
  EXPECT_EQ(grid.pixels[0], 0);                                             // the least value
  EXPECT_EQ(grid.pixels[static_cast<std::size_t>(grid.width) + 1], 255);    // the largest
  EXPECT_EQ(grid.pixels[2], 128);                                           // a line
  EXPECT_EQ(grid.pixels[static_cast<std::size_t>(3 * grid.width + 3)], 0);  // a map of one value
}

}  // namespace
}  // namespace pool3
