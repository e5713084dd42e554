#include "pool3/numbers/byte_reader.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>

namespace pool3 {
namespace {

using namespace std::string_literals;

struct Ended {
  [[noreturn]] void operator()() const { throw std::out_of_range("ended"); }
};
using Reader = ByteReader<Ended>;

TEST(ByteReader, TakesNumbersInLittleEndianOrder) {
  const std::string bytes = "\x01\x02\xFF\xFF\xFE\x00\x00\x80\x3F\x00\x00\x00\x00\x00\x00\x00\xC0xyz"s;
  Reader reader(bytes);
  EXPECT_EQ(reader.take<std::uint16_t>(), 0x0201U);
  EXPECT_EQ(reader.take<std::int16_t>(), -1);
  EXPECT_EQ(reader.take<std::uint8_t>(), 0xFEU);
  EXPECT_EQ(reader.take<float>(), 1.0F);
  EXPECT_EQ(reader.take<double>(), -2.0);
  EXPECT_EQ(reader.place(), 17U);
  EXPECT_EQ(reader.rest(), "xyz");
  EXPECT_EQ(reader.take(2), "xy");
  EXPECT_EQ(reader.left(), 1U);
}

TEST(ByteReader, NeverReadsPastTheEnd) {
  Reader reader("abc");
  EXPECT_THROW(static_cast<void>(reader.take<std::uint32_t>()), std::out_of_range);
  EXPECT_THROW(static_cast<void>(reader.take(~std::uint64_t{0})), std::out_of_range);  // place + count would overflow
  EXPECT_THROW(reader.skip(4), std::out_of_range);
  std::array<std::int16_t, 2> two{};
  EXPECT_THROW(reader.take_into(std::span<std::int16_t>(two)), std::out_of_range);
  EXPECT_EQ(reader.place(), 0U) << "what fails takes nothing";
  reader.skip(3);
  EXPECT_EQ(reader.take(0), "");
  EXPECT_THROW(static_cast<void>(reader.take<char>()), std::out_of_range);
  EXPECT_THROW(Reader("abc", 4), std::out_of_range);
  EXPECT_EQ(Reader("abc", 3).left(), 0U);
}

TEST(ByteReader, FillsArrays) {
  const std::string bytes = "\x01\x00\x02\x00\x03"s;
  Reader reader(bytes);
  std::array<std::int16_t, 2> two{};
  reader.take_into(std::span<std::int16_t>(two));
  EXPECT_EQ(two, (std::array<std::int16_t, 2>{1, 2}));
  EXPECT_EQ(reader.left(), 1U);
  reader.take_into(std::span<std::int16_t>());
  EXPECT_EQ(reader.left(), 1U);
}

}  // namespace
}  // namespace pool3
