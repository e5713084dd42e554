#include "weights/containers/safetensors.hpp"

#include <fmt/format.h>

#include <cstring>

#include "support/network_fixtures.hpp"
#include "unit/weights/refusal.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {
namespace {

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

std::string floats(std::initializer_list<float> values) {
  std::string bytes(values.size() * 4, '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

std::string cause_of(const std::string& bytes) {
  return refusal([&] { (void)parse_safetensors(bytes); });
}

// Written by hand from the format's own description, gaps between tokens and all.
TEST(Safetensors, ReadsAFileWrittenByHand) {
  const Safetensors file = parse_safetensors(file_of(
      R"({ "__metadata__": {"k":"v"}, "b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},
           "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}, "e":{"dtype":"F32","shape":[0,3],"data_offsets":[12,12]} }   )",
      floats({1.5F, -2, 3})));
  EXPECT_EQ(file.metadata, (std::map<std::string, std::string>{{"k", "v"}}));
  EXPECT_EQ(file.tensors.at("a").values, std::vector<float>{1.5F});
  EXPECT_EQ(file.tensors.at("b").values, (std::vector<float>{-2, 3}));
  EXPECT_EQ(file.tensors.at("b").shape, (std::vector<std::int64_t>{2, 1}));
  EXPECT_TRUE(file.tensors.at("e").values.empty());
}

TEST(Safetensors, HeaderIsAlignedAndReadBack) {
  const std::map<std::string, Tensor> tensors = {{"x", {{3}, {1, 2, 3}}}, {"y\"", {{1, 1}, {4}}}};
  const std::string header = safetensors_header({{"a", "b"}}, tensors);
  EXPECT_EQ(header.size() % 64, 0U);
  const Safetensors file = parse_safetensors(header + floats({1, 2, 3, 4}));
  EXPECT_EQ(file.metadata.at("a"), "b");
  EXPECT_EQ(file.tensors.at("x").values, tensors.at("x").values);
  EXPECT_EQ(file.tensors.at("y\"").values, tensors.at("y\"").values);
}

TEST(Safetensors, RefusesBrokenFrames) {
  EXPECT_THAT(cause_of(""), testing::HasSubstr("shorter"));
  EXPECT_THAT(cause_of("1234567"), testing::HasSubstr("shorter"));
  EXPECT_THAT(cause_of(std::string(8, '\xff') + "{}"), testing::HasSubstr("beyond reason"));
  EXPECT_THAT(cause_of(file_of("{}", "").substr(0, 9)), testing::HasSubstr("longer than the file"));
  EXPECT_THAT(cause_of(file_of("", "")), testing::HasSubstr("not JSON"));
  EXPECT_THAT(cause_of(file_of("{\"a\":", "")), testing::HasSubstr("not JSON"));
  EXPECT_THAT(cause_of(file_of("{} x", "")), testing::HasSubstr("not JSON"));
  EXPECT_THAT(cause_of(file_of("[]", "")), testing::HasSubstr("not a JSON object"));
  EXPECT_THAT(cause_of(file_of(std::string(100'000, '['), "")), testing::HasSubstr("nested too deeply"));
  EXPECT_THAT(cause_of(file_of("{\"a\":\"\xff\"}", "")), testing::HasSubstr("not JSON"));
}

// The number of events that a parser hands out is bounded; how long each takes is not to depend on the others. A parser
// that looks at all tensors at the end of each takes minutes for this header.
TEST(Safetensors, AHeaderOfManyTensorsIsReadOnce) {
  constexpr int tensors = 200'000;
  std::string header = "{";
  for (int i = 0; i < tensors; ++i)
    header += fmt::format(R"({}"t{}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", i == 0 ? "" : ",", i);
  EXPECT_EQ(parse_safetensors(file_of(header + "}", "")).tensors.size(), static_cast<std::size_t>(tensors));
}

TEST(Safetensors, RefusesMoreValuesThanAnyNetworkNeeds) {
  std::string header = R"({"a":{"dtype":"F32","shape":[0)";
  for (int i = 0; i < 3'000'000; ++i) header += ",0";
  EXPECT_THAT(cause_of(file_of(header + "]}}", "")), testing::HasSubstr("more values"));
}

TEST(Safetensors, RefusesBrokenMetadata) {
  EXPECT_THAT(cause_of(file_of(R"({"__metadata__":1})", "")), testing::HasSubstr("__metadata__"));
  EXPECT_THAT(cause_of(file_of(R"({"__metadata__":{"a":1}})", "")), testing::HasSubstr("__metadata__"));
}

TEST(Safetensors, RefusesHostileEntries) {
  struct Case {
    const char *entry, *cause;
  };
  for (const Case& c : {
           Case{R"(1)", "lacks"},
           Case{R"({"shape":[1],"data_offsets":[0,4]})", "lacks"},
           Case{R"({"dtype":"F64","shape":[1],"data_offsets":[0,8]})", "a type other than F32"},
           Case{R"({"dtype":32,"shape":[1],"data_offsets":[0,4]})", "a type other than F32"},
           Case{R"({"dtype":"F32","shape":1,"data_offsets":[0,4]})", "bad shape"},
           Case{R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})", "bad shape"},
           Case{R"({"dtype":"F32","shape":[1.0],"data_offsets":[0,4]})", "bad shape"},
           Case{R"({"dtype":"F32","shape":["1"],"data_offsets":[0,4]})", "bad shape"},
           Case{R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4]})", "bad shape"},
           Case{R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]})", "bad shape"},
           Case{R"({"dtype":"F32","shape":[4294967296,1073741825],"data_offsets":[0,4]})", "overflows"},
           Case{R"({"dtype":"F32","shape":[2],"data_offsets":[0,4]})", "disagree"},
           Case{R"({"dtype":"F32","shape":[1],"data_offsets":[0,3]})", "disagree"},
           Case{R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})", "outside"},
           Case{R"({"dtype":"F32","shape":[3],"data_offsets":[0,12]})", "outside"},
           Case{R"({"dtype":"F32","shape":[1],"data_offsets":[18446744073709551612,18446744073709551616]})",
                "bad data"},
           Case{R"({"dtype":"F32","shape":[1],"data_offsets":[-4,0]})", "bad data_offsets"},
           Case{R"({"dtype":"F32","shape":[1],"data_offsets":[0]})", "bad data_offsets"},
           Case{R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,8]})", "bad data_offsets"},
           Case{R"({"dtype":"F32","shape":[1],"data_offsets":{"0":4}})", "bad data_offsets"},
           Case{R"({"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]})", "twice"},
       }) {
    EXPECT_THAT(cause_of(file_of(std::string(R"({"a":)") + c.entry + "}", floats({1, 2}))), testing::HasSubstr(c.cause))
        << c.entry;
  }
}

TEST(Safetensors, RefusesGapsAndOverlaps) {
  const auto two = [](const char* first, const char* second) {
    return cause_of(file_of(std::string(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":)") + first +
                                R"(},"b":{"dtype":"F32","shape":[1],"data_offsets":)" + second + "}}",
                            floats({1, 2, 3})));
  };
  EXPECT_THAT(two("[0,4]", "[0,4]"), testing::HasSubstr("overlaps"));
  EXPECT_THAT(two("[0,4]", "[2,6]"), testing::HasSubstr("overlaps"));
  EXPECT_THAT(two("[0,4]", "[8,12]"), testing::HasSubstr("unused bytes before 'b'"));
  EXPECT_THAT(two("[4,8]", "[8,12]"), testing::HasSubstr("unused bytes before 'a'"));
  EXPECT_THAT(two("[4,8]", "[0,4]"), testing::HasSubstr("after the last"));
  EXPECT_THAT(cause_of(file_of("{}", "x")), testing::HasSubstr("after the last"));
  EXPECT_EQ(cause_of(file_of("{}", "")), "accepted");
}

}  // namespace
}  // namespace pool3::weights
