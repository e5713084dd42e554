// Structure of files that h5py and pool3 wrote, whole and damaged. tests/fuzz/make_corpus.py says what is in them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "pool3/hdf5.hpp"
#include "support/slurp.hpp"

namespace pool3 {
namespace {

using test::slurp;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = Hdf5Type::Kind;

std::string corpus(const std::string& name) { return slurp(POOL3_SOURCE_DIR "/tests/fuzz/corpus/" + name); }

/// The values of a dataset.
template <typename T>
std::vector<T> values(const std::string& bytes, const Hdf5Dataset& dataset) {
  std::vector<T> values(dataset.bytes / sizeof(T));
  std::memcpy(values.data(), bytes.data() + dataset.offset, values.size() * sizeof(T));
  return values;
}

/// What h5py wrote: conv2d_7/conv2d_7/kernel:0 of 0 ... 5, conv2d_7/half, conv2d_7/whole, a soft link.
const std::string& tiny() {
  static const std::string bytes = corpus("keras/tiny.h5");
  return bytes;
}

/// Reads everything that can be reached.
void read_all(const Hdf5File& file, Hdf5File::Address at, int depth = 0) {
  const auto links = file.links(at);
  for (const auto& [name, address] : links) {
    if (depth < 8) read_all(file, address, depth + 1);
  }
  if (links.empty()) (void)file.dataset(at);
}

std::string refusal(const std::string& bytes) {
  try {
    const Hdf5File file(hdf5_bytes(bytes));
    read_all(file, file.root());
  } catch (const Hdf5Error& error) {
    return error.what();
  }
  return "accepted";
}

/// The tiny file with `with` written `offset` bytes after the first `mark`.
std::string edited(const std::string& mark, std::size_t offset, const std::string& with) {
  std::string bytes = tiny();
  const std::size_t at = bytes.find(mark);
  EXPECT_NE(at, std::string::npos);
  return bytes.replace(at + offset, with.size(), with);
}

TEST(Hdf5File, ReadsWhatH5pyWrote) {
  const Hdf5File file(hdf5_bytes(tiny()));
  const auto top = file.links(file.root());
  ASSERT_EQ(top.size(), 1U) << "links that lead elsewhere are left out";
  const auto layer = file.links(top.at("conv2d_7"));
  EXPECT_EQ(layer.size(), 3U);
  const auto kernel = file.dataset(file.links(layer.at("conv2d_7")).at("kernel:0"));
  EXPECT_THAT(kernel.dims, ElementsAre(1, 2, 3));
  EXPECT_EQ(kernel.type, (Hdf5Type{Kind::real, 4, {}}));
  EXPECT_THAT(values<float>(tiny(), kernel), ElementsAre(0, 1, 2, 3, 4, 5));
  const auto half = file.dataset(layer.at("half"));
  EXPECT_EQ(half.type, (Hdf5Type{Kind::real, 2, {}}));
  EXPECT_THAT(values<std::uint16_t>(tiny(), half), ElementsAre(0x3c00, 0xc000));
  EXPECT_EQ(file.dataset(layer.at("whole")).type, (Hdf5Type{Kind::integer, 4, {}}));
  EXPECT_EQ(refusal(tiny()), "accepted");
}

TEST(Hdf5File, RefusesBrokenStructure) {
  EXPECT_THAT(refusal(tiny().substr(0, 8)), HasSubstr("too early"));
  EXPECT_THAT(refusal(tiny().substr(0, tiny().size() - 1)), HasSubstr("truncated"));
  EXPECT_THAT(refusal("rubbish"), HasSubstr("no HDF5 file"));
  EXPECT_THAT(refusal(edited("\x89HDF", 8, "\x09")), HasSubstr("newer version"));
  EXPECT_THAT(refusal(edited("\x89HDF", 24, "\x01")), HasSubstr("count from another place"));
  EXPECT_THAT(refusal(edited("\x89HDF", 13, "\x04")), HasSubstr("8 bytes"));
  EXPECT_THAT(refusal(edited("\x89HDF", 64, std::string(8, '\xfe'))), HasSubstr("too early"));
  EXPECT_THAT(refusal(edited("TREE", 0, "BUSH")), HasSubstr("no tree"));
  EXPECT_THAT(refusal(edited("TREE", 5, "\xff")), HasSubstr("wrong levels"));
  EXPECT_THAT(refusal(edited("TREE", 5, "\x01")), HasSubstr("no tree"));
  EXPECT_THAT(refusal(edited("SNOD", 0, "SNOW")), HasSubstr("no symbols"));
  EXPECT_THAT(refusal(edited("SNOD", 6, "\xff\xff")), HasSubstr("too early"));
  EXPECT_THAT(refusal(edited("SNOD", 8, std::string(8, '\x7f'))), HasSubstr("outside its heap"));
  EXPECT_THAT(refusal(edited("HEAP", 8, std::string(8, '\xff'))), HasSubstr("too early"));
}

// Whatever number stands in a header, no more is read or allocated than the file has.
TEST(Hdf5File, RefusesTablesLargerThanTheFile) {
  const std::string dims = std::string("\1\0\0\0\0\0\0\0", 8) + std::string("\2\0\0\0\0\0\0\0", 8);
  EXPECT_THAT(refusal(edited(dims, 0, std::string(8, '\x7f'))), HasSubstr("larger than the file"));
  EXPECT_THAT(refusal(edited(dims, 0, "\x03")), HasSubstr("another number of bytes"));
  EXPECT_THAT(refusal(edited(dims, 6, "\x01")), HasSubstr("larger than the file"));
}

TEST(Hdf5File, ReadsWhatPool3Writes) {
  const std::string bytes = corpus("hdf5/features.h5");
  const Hdf5File file(hdf5_bytes(bytes));
  const auto tables = file.links(file.root());
  EXPECT_EQ(tables.size(), 8U);
  const auto features = file.dataset(tables.at("features"));
  EXPECT_EQ(features.type, (Hdf5Type{Kind::real, 4, {}}));
  EXPECT_THAT(features.dims, ElementsAre(5, 3));
  const auto status = file.dataset(tables.at("status"));
  EXPECT_EQ(status.type.kind, Kind::enumeration);
  ASSERT_EQ(status.type.members.size(), 9U);
  EXPECT_EQ(status.type.members[8], (Hdf5Type::Member{"missing", 8, Kind::natural, 1}));
  EXPECT_THAT(values<std::uint8_t>(bytes, status), ElementsAre(1, 1, 1, 5, 1));
  const auto failures = file.dataset(tables.at("failures"));
  ASSERT_EQ(failures.type.members.size(), 5U);
  EXPECT_EQ(failures.type.members[0], (Hdf5Type::Member{"row", 0, Kind::integer, 8}));
  EXPECT_EQ(failures.type.members[1].name, "path");
  EXPECT_EQ(failures.type.members[1].kind, Kind::utf8);
  EXPECT_EQ(values<std::int64_t>(bytes, failures)[0], 3);
  const auto attributes = file.attributes(file.root());
  const auto root = std::ranges::find(attributes, "root", &Hdf5Attribute::name);
  ASSERT_NE(root, attributes.end());
  EXPECT_EQ(root->bytes, "/data/shop");
}

// What h5py writes with libver="latest": another superblock, other headers, links and attributes in them.
TEST(Hdf5File, ReadsNewerLayouts) {
  const std::string bytes = corpus("hdf5/latest.h5");
  const Hdf5File file(hdf5_bytes(bytes));
  const auto links = file.links(file.root());
  ASSERT_EQ(links.size(), 3U);
  EXPECT_THAT(values<double>(bytes, file.dataset(links.at("table"))), ElementsAre(0.5, 1.5, 2.5));
  EXPECT_THAT(values<std::int32_t>(bytes, file.dataset(links.at("compact"))), ElementsAre(7, 8));
  const auto inner = file.links(links.at("group"));
  EXPECT_EQ(file.dataset(inner.at("names")).type.kind, Kind::enumeration);
  const auto attributes = file.attributes(file.root());
  ASSERT_EQ(attributes.size(), 2U);
  EXPECT_EQ(attributes[0].name, "number");
  EXPECT_EQ(attributes[0].type, (Hdf5Type{Kind::integer, 8, {}}));
  EXPECT_EQ(attributes[1].type.kind, Kind::other) << "of variable length";
}

TEST(Hdf5File, SaysWhatItDoesNotRead) {
  const auto kind = [](const std::string& name, const std::string& table) {
    try {
      const std::string bytes = corpus("hdf5/" + name);
      const Hdf5File file(hdf5_bytes(bytes));
      static_cast<void>(file.dataset(file.links(file.root()).at(table)));
    } catch (const Hdf5Error& error) {
      return error.kind() == Hdf5Error::Kind::unknown ? std::string(error.what()) : std::string("broken");
    }
    return std::string("read");
  };
  EXPECT_EQ(kind("chunks.h5", "chunked"), "datasets in chunks, or in other files");
  EXPECT_EQ(kind("chunks.h5", "packed"), "compressed datasets, or datasets in other files");
  EXPECT_EQ(kind("chunks.h5", "unwritten"), "a dataset that was never written");
  EXPECT_EQ(kind("many.h5", "0"), "groups with links in a heap");
}

// Each byte of a small file in turn is another one: it is read, or refused, and nothing else.
TEST(Hdf5File, AnyByteMayBeWrong) {
  for (const char* name : {"hdf5/features.h5", "hdf5/latest.h5", "keras/tiny.h5"}) {
    std::string bytes = corpus(name);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      for (const char wrong : {'\0', '\x7f', '\xff', static_cast<char>(bytes[i] + 1)}) {
        const char right = std::exchange(bytes[i], wrong);
        static_cast<void>(refusal(bytes));
        bytes[i] = right;
      }
    }
  }
}

// The root's only group is the root again, so that names nest without end.
TEST(Hdf5File, EndsInCircles) {
  std::string bytes = tiny();
  const std::string root = bytes.substr(64, 8);
  const Hdf5File file(hdf5_bytes(tiny()));
  const Hdf5File::Address inner = file.links(file.root()).at("conv2d_7");
  const std::string from(reinterpret_cast<const char*>(&inner), sizeof inner);
  const std::size_t symbols = bytes.find("SNOD");
  bytes.replace(bytes.find(from, symbols), 8, root);
  const Hdf5File loop(hdf5_bytes(bytes));
  const auto forever = [&] {
    for (;;) read_all(loop, loop.root());
  };
  EXPECT_THAT(
      [&] {
        try {
          forever();
        } catch (const Hdf5Error& error) {
          return std::string(error.what());
        }
        return std::string();
      }(),
      HasSubstr("in circles"));
}

}  // namespace
}  // namespace pool3
