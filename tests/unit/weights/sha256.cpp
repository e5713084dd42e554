#include "weights/sha256.hpp"

#include "pool3/weights.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace pool3::weights {
namespace {

using test::error_of;
using test::TemporaryFolder;

// FIPS 180-2, appendix B.
TEST(Sha256, AgreesWithTheStandard) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfPiecesIsThatOfTheWhole) {
  Sha256 sum;
  for (const char* piece : {"a", "", "bc"}) sum.add(piece);
  EXPECT_EQ(sum.hex(), sha256_hex("abc"));
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  const TemporaryFolder folder;
  const std::string bytes(3'000'001, 'x');
  EXPECT_EQ(sha256_of_file(folder.write("f", bytes)), sha256_hex(bytes));
  EXPECT_EQ(sha256_of_file(folder.write("empty", "")), sha256_hex(""));
}

TEST(Sha256, OfNoFileIsAnError) {
  const TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { (void)sha256_of_file(folder.path("none")); }).path, folder.path("none"));
  EXPECT_EQ(error_of([&] { (void)sha256_of_file(folder.path()); }).path, folder.path());
}

}  // namespace
}  // namespace pool3::weights
