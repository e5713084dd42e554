// The small parts: UTF-8, cells, pieces.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/row_pieces.hpp"

namespace pool3::store {
bool is_utf8(std::string_view text);
std::string_view cell_text(std::string_view cell);

namespace {

TEST(StoreStrings, utf8_is_what_the_standard_says) {
  for (const char* good : {"", "plain", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x91\x9f", "\xef\xbf\xbf",
                           "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  // Lone continuation, overlong, surrogate, beyond U+10FFFF, cut off, never-valid bytes.
  for (const char* bad : {"\x80", "\xc0\xaf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                          "\xe2\x82", "\xc3", "\xff", "a\xfe", "\xf0\x8f\xbf\xbf", "\xc3(", "\xe2(\xa1"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(StoreStrings, cells_lose_only_their_padding) {
  EXPECT_EQ(cell_text(std::string_view("abc\0\0", 5)), "abc");
  EXPECT_EQ(cell_text(std::string_view("a \0", 3)), "a ");
  EXPECT_EQ(cell_text(std::string_view("\0\0", 2)), "");
  EXPECT_EQ(cell_text("full"), "full");
}

TEST(StorePieces, cover_the_range_without_gaps_below_the_limit) {
  std::vector<RowRange> pieces;
  const auto collect = [&](RowRange piece) { pieces.push_back(piece); };
  for_each_piece({3, 10}, 100, 350, collect);
  EXPECT_THAT(pieces, testing::ElementsAre(RowRange{3, 6}, RowRange{6, 9}, RowRange{9, 10}));
  pieces.clear();
  for_each_piece({0, 2}, 100, 10, collect);
  EXPECT_THAT(pieces, testing::ElementsAre(RowRange{0, 1}, RowRange{1, 2}));
  pieces.clear();
  for_each_piece({5, 5}, 100, 10, collect);
  EXPECT_TRUE(pieces.empty());
  // Feature rows: what HDF5 writes in one call must stay below 2 GiB.
  for_each_piece({0, 1000000}, 8192, std::int64_t{1} << 30, collect);
  ASSERT_FALSE(pieces.empty());
  for (const RowRange& piece : pieces) EXPECT_LT(piece.size() * 8192, std::int64_t{1} << 31);
  EXPECT_EQ(pieces.back().end, 1000000);
}

}  // namespace
}  // namespace pool3::store
