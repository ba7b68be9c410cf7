#include "nn/rewrite.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace fovea;

namespace {

const char kNet[] =
    "fovea-net 1\n"
    "input name=data height=8 width=8 channels=3 mean=1,2,3\n"
    "conv name=conv1 out=4 kernel=3 bias=no\n"
    "batch_norm name=bn1\n"
    "relu name=relu1\n"
    "max_pool name=pool1 kernel=2 stride=2\n"
    "dense name=fc out=10\n";

std::string body(const nn::NetText& net) { return nn::print_net(net).substr(std::string("fovea-net 1\n").size()); }
nn::NetText net() { return nn::parse_net(kNet, "t.net"); }

}  // namespace

TEST_CASE("rewrite: removing batch norm gives the bias back and rewires") {
  CHECK(body(nn::without_batch_norm(net())) ==
        "input name=data height=8 width=8 channels=3 mean=1,2,3\nconv name=conv1 out=4 kernel=3\nrelu name=relu1\n"
        "max_pool name=pool1 kernel=2 stride=2\ndense name=fc out=10\n");
}

TEST_CASE("rewrite: batch norm goes before the non-linearity without bias, or after it with") {
  const auto plain = nn::without_batch_norm(net());
  const auto before = nn::with_batch_norm(plain, nn::BatchNormPosition::kBefore);
  CHECK(before.layers[2].name == "conv1_bn");
  CHECK(*before.layers[1].find("bias") == "no");
  CHECK(before.find("fc")->find("bias") == nullptr);  // the output layer has no batch norm and keeps its bias
  const auto after = nn::with_batch_norm(plain, nn::BatchNormPosition::kAfter);
  CHECK(after.layers[3].kind == "batch_norm");
  CHECK(after.layers[3].inputs == std::vector<std::string>{"relu1"});
  CHECK(after.layers[4].inputs == std::vector<std::string>{"conv1_bn"});
  CHECK(after.layers[1].find("bias") == nullptr);
}

TEST_CASE("rewrite: naive mode keeps the bias before batch norm") {
  CHECK(nn::with_bias_before_batch_norm(net()).find("conv1")->find("bias") == nullptr);
}

TEST_CASE("rewrite: activation, initializer, classes, per activation") {
  CHECK(nn::with_activation(net(), "sigmoid").find("relu1")->kind == "sigmoid");
  const auto initialised = nn::with_initializer(net(), "gaussian:0.1");
  CHECK(*initialised.find("conv1")->find("init") == "gaussian:0.1");
  CHECK(*initialised.find("fc")->find("init") == "gaussian:0.1");
  CHECK(*nn::with_classes(net(), 7).find("fc")->find("out") == "7");
  CHECK(*nn::with_per_activation(net(), 1).find("bn1")->find("per") == "activation");
}

TEST_CASE("rewrite: dropout is set, added before the output layer, or removed") {
  const auto with = nn::with_dropout(net(), 0.4);
  CHECK(with.find("fc")->inputs == std::vector<std::string>{"dropout"});
  CHECK(*with.find("dropout")->find("rate") == "0.4");
  CHECK(*nn::with_dropout(with, 0.05).find("dropout")->find("rate") == "0.05");
  CHECK(body(nn::with_dropout(with, 0)) == body(net()));
}

TEST_CASE("rewrite: lrn goes behind the first pool and can be removed") {
  const auto with = nn::with_lrn(net(), true);
  CHECK(with.find("lrn1")->inputs == std::vector<std::string>{"pool1"});
  CHECK(body(nn::with_lrn(with, true)) == body(with));
  CHECK(body(nn::with_lrn(with, false)) == body(net()));
  CHECK_THROWS_AS(
      nn::with_lrn(nn::parse_net("fovea-net 1\ninput name=a height=1 width=1 channels=1\ndense name=b out=2\n", "t"),
                   true),
      Error);
}

TEST_CASE("rewrite: another channel count averages per-channel lists") {
  const auto grey = nn::with_input(net(), 28, 28, 1);
  CHECK(*grey.layers[0].find("mean") == "2");
  CHECK(*grey.layers[0].find("channels") == "1");
}
