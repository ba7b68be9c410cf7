#include "nn/net_text.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "nn/network.h"

using namespace fovea;

namespace {

std::string message_of(const std::string& text) {
  try {
    const nn::Network network(nn::parse_net(text, "t.net"));
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kData);
    return error.what();
  }
  return "no error";
}

const std::string kHead = "fovea-net 1\ninput name=data height=8 width=8 channels=3\n";

}  // namespace

TEST_CASE("net_text: printing and parsing give the same network back") {
  const std::string text =
      kHead +
      "conv name=a out=4 kernel=3 pad=same\nrelu name=b\nconv name=c in=a out=4 kernel=1\nconcat name=d in=b,c\n";
  const auto net = nn::parse_net(text, "t.net");
  CHECK(net.layers.size() == 5);
  CHECK(net.layers[3].inputs == std::vector<std::string>{"a"});
  CHECK(nn::print_net(net) == text);
}

TEST_CASE("net_text: comments, tabs and blank lines are passed over") {
  const auto net = nn::parse_net(
      "# a\n\nfovea-net 1\n# b\ninput\tname=x height=2 width=2 channels=1 # c\n dense name=y out=2\n", "t.net");
  CHECK(net.layers.size() == 2);
  CHECK(net.layers[1].line == 6);
}

TEST_CASE("net_text: errors name file, line and what was found") {
  CHECK(message_of("") == "t.net: expected 'fovea-net 1' as the first line, found an empty text");
  CHECK(message_of("fovea-net 2\n") == "t.net:1: expected 'fovea-net 1' as the first line, found 'fovea-net 2'");
  CHECK(message_of("fovea-net 1\n") == "t.net: expected layers, found none");
  CHECK(message_of("fovea-net 1\nrelu name=a\n") == "t.net:2: the first layer must be 'input'");
  CHECK(message_of(kHead + "relu name=data\n") == "t.net:3: layer name 'data' is used twice");
  CHECK(message_of(kHead + "relu name=a in=b\n") == "t.net:3: in: no layer 'b' above this line");
  CHECK(message_of(kHead + "relu name=a\nrelu name=b in=data\n") ==
        "t.net:3: layer 'a' does not lead to the output 'b'");
  CHECK(message_of(kHead + "relu a\n") == "t.net:3: expected key=value, found 'a'");
  CHECK(message_of(kHead + "relu name=a name=b\n") == "t.net:3: key 'name' is given twice");
  CHECK(message_of(kHead + "relu\n") == "t.net:3: 'relu' has no name=");
  CHECK(message_of(kHead + "relu name=../a\n") == "no error");  // dots and slashes are letters of names
  CHECK(message_of(kHead + "relu name=a\nrelu name=a/weight\n") ==
        "t.net:4: layer name 'a/weight' is that of a parameter of layer 'a'");
  CHECK(message_of(kHead + "relo name=a\n") == "t.net:3: unknown layer kind 'relo'");
}

TEST_CASE("net_text: unknown, missing and wrong keys are errors with the line") {
  CHECK(message_of(kHead + "conv name=a out=4 kernel=3 strid=2\n") == "t.net:3: a: 'conv' has no key 'strid'");
  CHECK(message_of(kHead + "conv name=a kernel=3\n") ==
        "t.net:3: a: out: expected an integer 1..1048576, found nothing");
  CHECK(message_of(kHead + "conv name=a out=x kernel=3\n") ==
        "t.net:3: a: out: expected an integer 1..1048576, found 'x'");
  CHECK(message_of(kHead + "conv name=a out=4 kernel=3x\n").starts_with("t.net:3: a: kernel: expected N or HxW"));
  CHECK(message_of(kHead + "conv name=a out=4 kernel=3 bias=maybe\n") ==
        "t.net:3: a: bias: expected yes | no, found 'maybe'");
  CHECK(message_of(kHead + "conv name=a out=4 kernel=3 groups=2\n") ==
        "t.net:3: a: groups: expected a divisor of 3 and 4, found 2");
  CHECK(message_of(kHead + "conv name=a out=4 kernel=2 pad=same\n") ==
        "t.net:3: a: pad: expected an odd kernel for 'same', found 2x2");
  CHECK(message_of(kHead + "conv name=a out=4 kernel=9\n").starts_with("t.net:3: a: "));
  CHECK(message_of(kHead + "max_pool name=a kernel=2 pad=2\n") ==
        "t.net:3: pad: expected less than the kernel, found 2");
  CHECK(message_of(kHead + "dropout name=a rate=1\n") == "t.net:3: a: rate: expected a number 0..0.999, found '1'");
  CHECK(message_of(kHead + "conv name=a out=2 kernel=1\nadd name=b in=a,data\n") ==
        "t.net:4: b: input: expected [8,8,2], found [8,8,3]");
}

TEST_CASE("net_text: a text over 1 MiB is refused before it is read") {
  CHECK(message_of(std::string((1 << 20) + 1, 'x')).starts_with("t.net: expected a network text of at most 1 MiB"));
}
