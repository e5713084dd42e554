#include "support/network_fixtures.hpp"
#include "weights/makers/base64.hpp"
#include "weights/sha256.hpp"

namespace pool3 {
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

// RFC 4648, section 10.
TEST(Base64, AgreesWithTheStandard) {
  EXPECT_EQ(decode_base64(""), "");
  EXPECT_EQ(decode_base64("Zg=="), "f");
  EXPECT_EQ(decode_base64("Zm8="), "fo");
  EXPECT_EQ(decode_base64("Zm9v"), "foo");
  EXPECT_EQ(decode_base64("Zm9vYg=="), "foob");
  EXPECT_EQ(decode_base64("Zm9vYmFy"), "foobar");
  EXPECT_EQ(decode_base64("+/+/"), "\xfb\xff\xbf");
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm9", "Z===", "====", "=", "Zm=v", "Zm 9", "Zm9-", "Zm9v\n",
                           "Zg==Zg==", "Zh==", "Zm9=", "\xff\xff\xff\xff"}) {
    EXPECT_EQ(decode_base64(text), std::nullopt) << text;
  }
  EXPECT_EQ(decode_base64(std::string_view("Zm9\0", 4)), std::nullopt);
}

}  // namespace
}  // namespace pool3
