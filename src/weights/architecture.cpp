#include <algorithm>
#include <array>

#include "pool3/weights.hpp"

namespace pool3 {
namespace {

struct Entry {
  const char* name;
  int in, out, kernel_height, kernel_width, stride, pad_height, pad_width;
};

constexpr std::array<Entry, 94> rows = {{
    {"Conv2d_1a_3x3", 3, 32, 3, 3, 2, 0, 0},
    {"Conv2d_2a_3x3", 32, 32, 3, 3, 1, 0, 0},
    {"Conv2d_2b_3x3", 32, 64, 3, 3, 1, 1, 1},
    {"Conv2d_3b_1x1", 64, 80, 1, 1, 1, 0, 0},
    {"Conv2d_4a_3x3", 80, 192, 3, 3, 1, 0, 0},
    {"Mixed_5b.branch1x1", 192, 64, 1, 1, 1, 0, 0},
    {"Mixed_5b.branch5x5_1", 192, 48, 1, 1, 1, 0, 0},
    {"Mixed_5b.branch5x5_2", 48, 64, 5, 5, 1, 2, 2},
    {"Mixed_5b.branch3x3dbl_1", 192, 64, 1, 1, 1, 0, 0},
    {"Mixed_5b.branch3x3dbl_2", 64, 96, 3, 3, 1, 1, 1},
    {"Mixed_5b.branch3x3dbl_3", 96, 96, 3, 3, 1, 1, 1},
    {"Mixed_5b.branch_pool", 192, 32, 1, 1, 1, 0, 0},
    {"Mixed_5c.branch1x1", 256, 64, 1, 1, 1, 0, 0},
    {"Mixed_5c.branch5x5_1", 256, 48, 1, 1, 1, 0, 0},
    {"Mixed_5c.branch5x5_2", 48, 64, 5, 5, 1, 2, 2},
    {"Mixed_5c.branch3x3dbl_1", 256, 64, 1, 1, 1, 0, 0},
    {"Mixed_5c.branch3x3dbl_2", 64, 96, 3, 3, 1, 1, 1},
    {"Mixed_5c.branch3x3dbl_3", 96, 96, 3, 3, 1, 1, 1},
    {"Mixed_5c.branch_pool", 256, 64, 1, 1, 1, 0, 0},
    {"Mixed_5d.branch1x1", 288, 64, 1, 1, 1, 0, 0},
    {"Mixed_5d.branch5x5_1", 288, 48, 1, 1, 1, 0, 0},
    {"Mixed_5d.branch5x5_2", 48, 64, 5, 5, 1, 2, 2},
    {"Mixed_5d.branch3x3dbl_1", 288, 64, 1, 1, 1, 0, 0},
    {"Mixed_5d.branch3x3dbl_2", 64, 96, 3, 3, 1, 1, 1},
    {"Mixed_5d.branch3x3dbl_3", 96, 96, 3, 3, 1, 1, 1},
    {"Mixed_5d.branch_pool", 288, 64, 1, 1, 1, 0, 0},
    {"Mixed_6a.branch3x3", 288, 384, 3, 3, 2, 0, 0},
    {"Mixed_6a.branch3x3dbl_1", 288, 64, 1, 1, 1, 0, 0},
    {"Mixed_6a.branch3x3dbl_2", 64, 96, 3, 3, 1, 1, 1},
    {"Mixed_6a.branch3x3dbl_3", 96, 96, 3, 3, 2, 0, 0},
    {"Mixed_6b.branch1x1", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6b.branch7x7_1", 768, 128, 1, 1, 1, 0, 0},
    {"Mixed_6b.branch7x7_2", 128, 128, 1, 7, 1, 0, 3},
    {"Mixed_6b.branch7x7_3", 128, 192, 7, 1, 1, 3, 0},
    {"Mixed_6b.branch7x7dbl_1", 768, 128, 1, 1, 1, 0, 0},
    {"Mixed_6b.branch7x7dbl_2", 128, 128, 7, 1, 1, 3, 0},
    {"Mixed_6b.branch7x7dbl_3", 128, 128, 1, 7, 1, 0, 3},
    {"Mixed_6b.branch7x7dbl_4", 128, 128, 7, 1, 1, 3, 0},
    {"Mixed_6b.branch7x7dbl_5", 128, 192, 1, 7, 1, 0, 3},
    {"Mixed_6b.branch_pool", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6c.branch1x1", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6c.branch7x7_1", 768, 160, 1, 1, 1, 0, 0},
    {"Mixed_6c.branch7x7_2", 160, 160, 1, 7, 1, 0, 3},
    {"Mixed_6c.branch7x7_3", 160, 192, 7, 1, 1, 3, 0},
    {"Mixed_6c.branch7x7dbl_1", 768, 160, 1, 1, 1, 0, 0},
    {"Mixed_6c.branch7x7dbl_2", 160, 160, 7, 1, 1, 3, 0},
    {"Mixed_6c.branch7x7dbl_3", 160, 160, 1, 7, 1, 0, 3},
    {"Mixed_6c.branch7x7dbl_4", 160, 160, 7, 1, 1, 3, 0},
    {"Mixed_6c.branch7x7dbl_5", 160, 192, 1, 7, 1, 0, 3},
    {"Mixed_6c.branch_pool", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6d.branch1x1", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6d.branch7x7_1", 768, 160, 1, 1, 1, 0, 0},
    {"Mixed_6d.branch7x7_2", 160, 160, 1, 7, 1, 0, 3},
    {"Mixed_6d.branch7x7_3", 160, 192, 7, 1, 1, 3, 0},
    {"Mixed_6d.branch7x7dbl_1", 768, 160, 1, 1, 1, 0, 0},
    {"Mixed_6d.branch7x7dbl_2", 160, 160, 7, 1, 1, 3, 0},
    {"Mixed_6d.branch7x7dbl_3", 160, 160, 1, 7, 1, 0, 3},
    {"Mixed_6d.branch7x7dbl_4", 160, 160, 7, 1, 1, 3, 0},
    {"Mixed_6d.branch7x7dbl_5", 160, 192, 1, 7, 1, 0, 3},
    {"Mixed_6d.branch_pool", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6e.branch1x1", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6e.branch7x7_1", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6e.branch7x7_2", 192, 192, 1, 7, 1, 0, 3},
    {"Mixed_6e.branch7x7_3", 192, 192, 7, 1, 1, 3, 0},
    {"Mixed_6e.branch7x7dbl_1", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_6e.branch7x7dbl_2", 192, 192, 7, 1, 1, 3, 0},
    {"Mixed_6e.branch7x7dbl_3", 192, 192, 1, 7, 1, 0, 3},
    {"Mixed_6e.branch7x7dbl_4", 192, 192, 7, 1, 1, 3, 0},
    {"Mixed_6e.branch7x7dbl_5", 192, 192, 1, 7, 1, 0, 3},
    {"Mixed_6e.branch_pool", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_7a.branch3x3_1", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_7a.branch3x3_2", 192, 320, 3, 3, 2, 0, 0},
    {"Mixed_7a.branch7x7x3_1", 768, 192, 1, 1, 1, 0, 0},
    {"Mixed_7a.branch7x7x3_2", 192, 192, 1, 7, 1, 0, 3},
    {"Mixed_7a.branch7x7x3_3", 192, 192, 7, 1, 1, 3, 0},
    {"Mixed_7a.branch7x7x3_4", 192, 192, 3, 3, 2, 0, 0},
    {"Mixed_7b.branch1x1", 1280, 320, 1, 1, 1, 0, 0},
    {"Mixed_7b.branch3x3_1", 1280, 384, 1, 1, 1, 0, 0},
    {"Mixed_7b.branch3x3_2a", 384, 384, 1, 3, 1, 0, 1},
    {"Mixed_7b.branch3x3_2b", 384, 384, 3, 1, 1, 1, 0},
    {"Mixed_7b.branch3x3dbl_1", 1280, 448, 1, 1, 1, 0, 0},
    {"Mixed_7b.branch3x3dbl_2", 448, 384, 3, 3, 1, 1, 1},
    {"Mixed_7b.branch3x3dbl_3a", 384, 384, 1, 3, 1, 0, 1},
    {"Mixed_7b.branch3x3dbl_3b", 384, 384, 3, 1, 1, 1, 0},
    {"Mixed_7b.branch_pool", 1280, 192, 1, 1, 1, 0, 0},
    {"Mixed_7c.branch1x1", 2048, 320, 1, 1, 1, 0, 0},
    {"Mixed_7c.branch3x3_1", 2048, 384, 1, 1, 1, 0, 0},
    {"Mixed_7c.branch3x3_2a", 384, 384, 1, 3, 1, 0, 1},
    {"Mixed_7c.branch3x3_2b", 384, 384, 3, 1, 1, 1, 0},
    {"Mixed_7c.branch3x3dbl_1", 2048, 448, 1, 1, 1, 0, 0},
    {"Mixed_7c.branch3x3dbl_2", 448, 384, 3, 3, 1, 1, 1},
    {"Mixed_7c.branch3x3dbl_3a", 384, 384, 1, 3, 1, 0, 1},
    {"Mixed_7c.branch3x3dbl_3b", 384, 384, 3, 1, 1, 1, 0},
    {"Mixed_7c.branch_pool", 2048, 192, 1, 1, 1, 0, 0},
}};

std::vector<ConvolutionShape> make_shapes() {
  std::vector<ConvolutionShape> shapes;
  shapes.reserve(rows.size());
  for (const Entry& r : rows) {
    shapes.push_back({r.name, r.in, r.out, r.kernel_height, r.kernel_width, r.stride, r.pad_height, r.pad_width});
  }
  return shapes;
}

}  // namespace

const std::vector<ConvolutionShape>& convolution_shapes() {
  static const std::vector<ConvolutionShape> shapes = make_shapes();
  return shapes;
}

bool has_codes(std::string_view convolution) {
  constexpr std::array<std::string_view, 6> without = {"Mixed_7c.branch1x1",       "Mixed_7c.branch3x3_2a",
                                                       "Mixed_7c.branch3x3_2b",    "Mixed_7c.branch3x3dbl_3a",
                                                       "Mixed_7c.branch3x3dbl_3b", "Mixed_7c.branch_pool"};
  return std::ranges::find(without, convolution) == without.end();
}

bool has_fine_codes(std::string_view convolution) {
  return convolution == "Conv2d_1a_3x3" || convolution == "Conv2d_2a_3x3";
}

}  // namespace pool3
