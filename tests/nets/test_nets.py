from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ptarmigan.core import noise
from ptarmigan.core.game import State
from ptarmigan.nets.attention import SelfAttention
from ptarmigan.nets.dcgan import DCGANDiscriminator, DCGANGenerator
from ptarmigan.nets.layers import Dropout, Head, initialise
from ptarmigan.nets.minibatch import MinibatchDiscrimination, MinibatchStd
from ptarmigan.nets.mlp import MLPDiscriminator, MLPGenerator, PointDiscriminator, PointGenerator, dense
from ptarmigan.nets.resample import Downsample, Upsample
from ptarmigan.nets.resnet import ConditionalBatchNorm, ResNetDiscriminator, ResNetGenerator
from ptarmigan.nets.sides import halved, halvings
from ptarmigan.nets.spectral import SpectralNorm, spectral_norm
from ptarmigan.zoo.image.began import Autoencoder, Decoder
from ptarmigan.zoo.image.biggan import BigGANGenerator
from ptarmigan.zoo.image.improved import Referenced, VirtualBatchNorm
from ptarmigan.zoo.image.r3gan import Block, R3GANDiscriminator, R3GANGenerator, narrowing
from ptarmigan.zoo.image.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator
from ptarmigan.zoo.series import doppelganger as levels
from ptarmigan.zoo.toy.pacgan import Maxout

Shape = tuple[int, int, int]
LATENT = 5
SHAPES: list[Shape] = [(1, 28, 28), (3, 32, 32), (4, 48, 64), (2, 33, 20), (1, 8, 8), (3, 9, 17)]

ATTEND = (SelfAttention, 16)
virtual = partial(VirtualBatchNorm, reference=6)


def referenced(shape: Shape, classes: int) -> nn.Module:
    return Referenced(DCGANGenerator(LATENT, shape, 4, classes, norm=virtual), LATENT, classes)


GENERATORS: dict[str, Callable[[Shape, int], nn.Module]] = {
    "mlp": lambda shape, classes: MLPGenerator(LATENT, shape, (8, 16), classes),
    "dcgan": lambda shape, classes: DCGANGenerator(LATENT, shape, 4, classes),
    "dcgan from 8": lambda shape, classes: DCGANGenerator(LATENT, shape, 4, classes, smallest=8),
    "virtual": referenced,
    "resnet": lambda shape, classes: ResNetGenerator(LATENT, shape, 8, classes),
    "resnet attention": lambda shape, classes: ResNetGenerator(LATENT, shape, 8, classes, attention=ATTEND),
    "r3gan": lambda shape, classes: R3GANGenerator(LATENT, shape, 8, classes, blocks=1, group_size=4),
    "r3gan dense": lambda shape, classes: R3GANGenerator(
        LATENT, shape, 8, classes, blocks=1, group_size=None
    ),
    "biggan": lambda shape, classes: BigGANGenerator(LATENT, shape, 8, classes, attention=16),
    "stylegan2": lambda shape, classes: StyleGAN2Generator(LATENT, shape, 8, classes),
}
DISCRIMINATORS: dict[str, Callable[[Shape, int], nn.Module]] = {
    "mlp": lambda shape, classes: MLPDiscriminator(shape, (16, 8), classes),
    "dcgan": lambda shape, classes: DCGANDiscriminator(shape, 4, classes),
    "dcgan plain": lambda shape, classes: DCGANDiscriminator(shape, 4, classes, norm=nn.Identity),
    "dcgan spectral": lambda shape, classes: spectral_norm(
        DCGANDiscriminator(shape, 4, classes, norm=nn.Identity)
    ),
    "resnet": lambda shape, classes: ResNetDiscriminator(shape, 8, classes),
    "resnet mean": lambda shape, classes: ResNetDiscriminator(shape, 8, classes, pool="mean"),
    "resnet attention": lambda shape, classes: ResNetDiscriminator(shape, 8, classes, attention=ATTEND),
    "r3gan": lambda shape, classes: R3GANDiscriminator(shape, 8, classes, blocks=1, group_size=4),
    "r3gan depthwise": lambda shape, classes: R3GANDiscriminator(shape, 8, classes, blocks=1, group_size=1),
    "stylegan2": lambda shape, classes: StyleGAN2Discriminator(shape, 8, classes, group=1),
    "stylegan2 plain": lambda shape, classes: StyleGAN2Discriminator(
        shape, 8, classes, group=1, residual=False
    ),
}
PLAIN = [name for name in DISCRIMINATORS if name != "dcgan"]  # none of these looks at the batch

every_generator = pytest.mark.parametrize("make", GENERATORS.values(), ids=GENERATORS)
every_discriminator = pytest.mark.parametrize("make", DISCRIMINATORS.values(), ids=DISCRIMINATORS)
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))
with_and_without_classes = pytest.mark.parametrize("classes", [0, 3])


def chosen(n: int, classes: int) -> Tensor | None:
    return torch.arange(n) % classes if classes else None


def wake(network: nn.Module) -> None:
    """Move what starts at zero (last convolutions, gains, biases), which stops gradients before it."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * (parameter == 0) * 0.5)


def close(a: Tensor, b: Tensor, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(a, b, rtol=tolerance, atol=tolerance)


# Every network


@every_generator
@every_shape
@with_and_without_classes
def test_a_generator_makes_images_of_the_shape(make, shape, classes):
    generator = make(shape, classes)
    assert generator.latent == LATENT
    assert generator(torch.randn(3, LATENT), chosen(3, classes)).shape == (3, *shape)


@every_discriminator
@every_shape
@with_and_without_classes
def test_a_discriminator_scores_images_of_the_shape(make, shape, classes):
    discriminator, c = make(shape, classes), chosen(3, classes)
    x = torch.randn(3, *shape)
    assert discriminator(x, c).shape == (3,)
    assert discriminator.features(x, c).shape == (3, discriminator.feature_size)


@every_discriminator
@with_and_without_classes
def test_a_score_is_the_head_of_the_features(make, classes):
    discriminator, c = make((1, 16, 16), classes).eval(), chosen(3, classes)
    x = torch.randn(3, 1, 16, 16)
    close(discriminator(x, c), discriminator.head(discriminator.features(x, c), c))


@every_generator
@with_and_without_classes
def test_gradients_reach_every_parameter_of_a_generator(make, classes):
    generator = make((3, 16, 16), classes)
    wake(generator)
    images = generator(torch.randn(8, LATENT), chosen(8, classes))
    (images * torch.randn_like(images)).sum().backward()
    unmoved = [n for n, p in generator.named_parameters() if p.grad is None or not p.grad.abs().max() > 1e-7]
    assert not unmoved


@every_discriminator
@with_and_without_classes
def test_gradients_reach_every_parameter_of_a_discriminator(make, classes):
    discriminator = make((3, 16, 16), classes)
    wake(discriminator)
    scores = discriminator(torch.randn(8, 3, 16, 16), chosen(8, classes))
    (scores * torch.randn_like(scores)).sum().backward()
    unmoved = [
        n for n, p in discriminator.named_parameters() if p.grad is None or not p.grad.abs().max() > 1e-7
    ]
    assert not unmoved


@every_discriminator
def test_a_gradient_penalty_reaches_a_discriminators_weights(make):
    discriminator = make((1, 12, 9), 3)
    wake(discriminator)
    x = torch.randn(4, 1, 12, 9, requires_grad=True)
    (slope,) = torch.autograd.grad(discriminator(x, chosen(4, 3)).sum(), x, create_graph=True)
    slope.square().sum().backward()
    weights = {n: p for n, p in discriminator.named_parameters() if p.ndim > 1 and "embedding" not in n}
    assert not [n for n, p in weights.items() if not 0 < p.grad.abs().max() < torch.inf]


@every_generator
def test_the_class_changes_what_is_generated(make):
    generator, z = make((1, 16, 16), 3), torch.randn(2, LATENT)
    wake(generator)
    with torch.no_grad():
        for p in generator.parameters():
            p.add_(torch.randn_like(p) * 0.1)  # conditional batch norm starts alike for all classes
    generator.eval()
    zero, one = (generator(z, torch.full((2,), c)) for c in (0, 1))
    assert (zero - one).abs().max() > 1e-6


@every_discriminator
def test_the_class_changes_the_score(make):
    discriminator, x = make((1, 16, 16), 3).eval(), torch.randn(2, 1, 16, 16)
    zero, one = (discriminator(x, torch.full((2,), c)) for c in (0, 1))
    assert (zero - one).abs().min() > 0


@every_generator
def test_a_conditional_generator_wants_classes(make):
    with pytest.raises(ValueError, match="is conditional"):
        make((1, 16, 16), 3)(torch.randn(2, LATENT))


@every_discriminator
def test_a_conditional_discriminator_wants_classes(make):
    with pytest.raises(ValueError, match="is conditional"):
        make((1, 16, 16), 3)(torch.randn(2, 1, 16, 16))


@every_generator
def test_a_network_without_classes_does_not_look_at_them(make):
    generator, z = make((1, 16, 16), 0).eval(), torch.randn(2, LATENT)
    assert torch.equal(generator(z), generator(z, torch.tensor([0, 7])))


@every_generator
def test_an_image_alone_is_that_of_the_batch(make):
    generator, z, c = make((1, 12, 9), 3).eval(), torch.randn(4, LATENT), chosen(4, 3)
    close(generator(z[2:3], c[2:3]), generator(z, c)[2:3])


@every_discriminator
def test_a_score_alone_is_that_of_the_batch(make):
    discriminator, x, c = make((1, 12, 9), 3).eval(), torch.randn(4, 1, 12, 9), chosen(4, 3)
    close(discriminator(x[2:3], c[2:3]), discriminator(x, c)[2:3])


@every_generator
def test_a_generator_in_channels_last_makes_the_same(make):
    generator, z, c = make((3, 16, 16), 3).eval(), torch.randn(4, LATENT), chosen(4, 3)
    before = generator(z, c)
    close(generator.to(memory_format=torch.channels_last)(z, c), before)


@every_discriminator
def test_a_discriminator_in_channels_last_scores_the_same(make):
    discriminator, x, c = make((3, 16, 16), 3).eval(), torch.randn(4, 3, 16, 16), chosen(4, 3)
    before = discriminator(x, c)
    last = torch.channels_last
    close(discriminator.to(memory_format=last)(x.contiguous(memory_format=last), c), before)


@every_generator
def test_a_generator_under_autocast(make):
    generator, z, c = make((3, 16, 16), 3), torch.randn(8, LATENT), chosen(8, 3)
    exact = generator(z, c)
    with torch.autocast("cpu", torch.bfloat16):
        images = generator(z, c)
    images.float().square().sum().backward()
    assert (images - exact).abs().max() < 0.1 * (1 + exact.abs().max())
    assert all(p.grad is None or p.grad.isfinite().all() for p in generator.parameters())


@every_discriminator
def test_a_discriminators_scores_keep_32_bits_under_autocast(make):
    discriminator, x, c = make((3, 16, 16), 3).eval(), torch.randn(8, 3, 16, 16), chosen(8, 3)
    exact = discriminator(x, c)
    with torch.autocast("cpu", torch.bfloat16):
        scores = discriminator(x, c)
    scores.sum().backward()
    assert scores.dtype == torch.float32
    assert (scores - exact).abs().max() < 0.1 * (1 + exact.abs().max())


@every_discriminator
def test_double_precision_stays_double(make):
    discriminator = make((1, 12, 9), 3).double()
    assert discriminator(torch.randn(4, 1, 12, 9, dtype=torch.float64), chosen(4, 3)).dtype == torch.float64


@pytest.mark.parametrize("name", PLAIN)
def test_two_shards_score_as_the_undivided_batch(name):
    discriminator, x, c = DISCRIMINATORS[name]((1, 16, 16), 3), torch.randn(6, 1, 16, 16), chosen(6, 3)
    noise.at(1, "turn")
    whole = discriminator(x, c)
    parts = []
    for shard in range(2):
        noise.at(1, "turn", shard=shard, shards=2)
        mine = slice(3 * shard, 3 * shard + 3)
        parts.append(discriminator(x[mine], c[mine]))
    noise.at(0)
    close(torch.cat(parts), whole)


@pytest.mark.parametrize("make", [GENERATORS["mlp"], GENERATORS["dcgan"], GENERATORS["resnet"]])
def test_images_are_bounded(make):
    generator = make((1, 16, 16), 0)
    with torch.no_grad():
        for p in generator.parameters():
            p.mul_(100)
    assert 0.99 < generator(torch.randn(8, LATENT)).abs().max() <= 1


@pytest.mark.parametrize("make", [ResNetDiscriminator, DCGANDiscriminator])
def test_images_that_are_too_small_are_refused(make):
    with pytest.raises(ValueError, match="at least 8 pixels a side, not 7x20"):
        make((1, 7, 20), 8)


# Sides


@pytest.mark.parametrize(
    ("side", "smallest", "times", "start"),
    [(28, 4, 2, 7), (32, 4, 3, 4), (64, 4, 4, 4), (32, 8, 2, 8), (33, 4, 3, 5), (20, 4, 2, 5), (8, 8, 1, 4)],
)
def test_halvings(side, smallest, times, start):
    assert halvings((side, 2 * side), smallest) == times
    assert halved((side, side), times) == (start, start)


# Published sizes


def numbers(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_dcgan_has_the_published_size():
    with torch.device("meta"):
        generator, discriminator = DCGANGenerator(100, (3, 64, 64), 64), DCGANDiscriminator((3, 64, 64), 64)
    # The widely used PyTorch port has 3,576,704 and 2,765,568, without biases on images and scores.
    assert numbers(generator) == 3_576_704 + 3
    assert numbers(discriminator) == 2_765_568 + 64 + 1


def test_dcgan_starts_at_8_when_asked():
    generator = DCGANGenerator(10, (3, 32, 32), 64, smallest=8)
    seen = []
    for layer in generator.layers:
        layer.register_forward_hook(lambda layer, inputs, output: seen.append(tuple(output.shape[1:])))
    generator.eval()(torch.randn(1, 10))
    assert list(dict.fromkeys(seen))[1:] == [(128, 8, 8), (64, 16, 16), (3, 32, 32)]


def test_r3gan_has_the_published_size_for_cifar():
    with torch.device("meta"):
        generator = R3GANGenerator(64, (3, 32, 32), 768)
        discriminator = R3GANDiscriminator((3, 32, 32), 768)
    wide = 768 * 2
    block = 768 * wide + wide + wide * 16 * 9 + wide + wide * 768
    assert numbers(generator) == 64 * 768 + 768 * 16 + 8 * block + 768 * 3
    assert numbers(discriminator) == 3 * 768 + 8 * block + 768 * 16 + 768
    assert {m.groups for m in generator.modules() if isinstance(m, nn.Conv2d)} == {1, 96}


def test_sngan_ends_at_8_pixels_and_narrows_past_32():
    with torch.device("meta"):
        small, large = ResNetDiscriminator((3, 32, 32)), ResNetDiscriminator((3, 128, 128))
    assert [block.halve for block in small.blocks] == [True, True, False, False]
    assert [block.conv1.out_channels for block in small.blocks] == [128] * 4
    assert [block.conv1.out_channels for block in large.blocks] == [32, 64, 128, 128, 128, 128]


# R3GAN


def test_an_r3gan_block_starts_as_the_identity():
    x = torch.randn(2, 8, 6, 5)
    assert torch.equal(Block(8, 2, 4, depth=3)(x), x)


def test_r3gan_starts_linear():
    generator, discriminator = R3GANGenerator(LATENT, (3, 20, 33), 8), R3GANDiscriminator((3, 20, 33), 8)
    z, x = torch.randn(2, LATENT), torch.randn(2, 3, 20, 33)
    close(generator(3 * z), 3 * generator(z))
    close(discriminator(3 * x), 3 * discriminator(x))


def test_r3gan_initialisation_shrinks_with_the_fourth_root_of_the_depth():
    shallow, deep = Block(64, 2, None, depth=1), Block(64, 2, None, depth=16)
    for a, b in ((shallow.conv1, deep.conv1), (shallow.conv2, deep.conv2)):
        assert (a.weight.std() / b.weight.std()).item() == pytest.approx(2, rel=0.05)
    gain = (2 / 1.04) ** 0.5
    assert shallow.conv2.weight.std().item() == pytest.approx(gain / (128 * 9) ** 0.5, rel=0.02)


def test_r3gan_widths_and_blocks_of_every_stage():
    widths, blocks = (24, 16, 8), (1, 2, 3)
    generator = R3GANGenerator(LATENT, (1, 16, 16), widths, blocks=blocks, group_size=8)
    assert generator(torch.randn(2, LATENT)).shape == (2, 1, 16, 16)
    inside = [m.conv1.in_channels for m in generator.modules() if isinstance(m, Block)]
    assert inside == [24, 16, 16, 8, 8, 8]
    discriminator = R3GANDiscriminator((1, 16, 16), widths, blocks=blocks, group_size=8)
    inside = [m.conv1.in_channels for m in discriminator.modules() if isinstance(m, Block)]
    assert inside == [8, 8, 8, 16, 16, 24]


def test_r3gan_has_the_published_widths_for_faces():
    assert narrowing(768, (3, 64, 64)) == [768, 768, 768, 768, 384]
    assert narrowing(768, (3, 256, 256)) == [768, 768, 768, 768, 384, 192, 96]
    assert narrowing(8, (1, 28, 28)) == [8, 8, 8]


def test_r3gan_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="width has 2 numbers, and images of this size have 3"):
        R3GANGenerator(LATENT, (1, 16, 16), (8, 8))
    with pytest.raises(ValueError, match="groups of 5 channels do not divide"):
        R3GANDiscriminator((1, 16, 16), 8, group_size=5)


# Resampling


def test_upsampling_is_bilinear():
    x = torch.randn(2, 3, 5, 8)
    close(Upsample((5, 8))(x), F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))


@pytest.mark.parametrize("sides", [(6, 8), (7, 5)])
def test_downsampling_filters_and_repeats_edges(sides):
    x = torch.randn(2, 1, *sides)
    even = F.pad(x, (0, sides[1] % 2, 0, sides[0] % 2), mode="replicate")
    kernel = torch.tensor([1.0, 3, 3, 1]) / 8
    expected = F.conv2d(
        F.pad(even, (1, 1, 1, 1), mode="replicate"), torch.outer(kernel, kernel)[None, None], stride=2
    )
    close(Downsample(sides)(x), expected)


# Spectral normalisation


def settle(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, State):
            module.settle()


def spread(weight: Tensor, first: float, second: float) -> None:
    """Give ``weight``, as a matrix, two largest singular values that are clearly apart."""
    u, _, v = torch.linalg.svd(torch.randn_like(weight).flatten(1), full_matrices=False)
    values = torch.linspace(second, 0.1, u.shape[1])
    values[0] = first
    with torch.no_grad():
        weight.copy_((u * values @ v).reshape(weight.shape))


LAYERS = {
    "linear": lambda: nn.Linear(12, 7),
    "convolution": lambda: nn.Conv2d(3, 8, 3),
    "embedding": lambda: nn.Embedding(6, 9),
}


@pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
def test_power_iteration_finds_the_largest_singular_value(make):
    layer = spectral_norm(make())
    spread(layer.parametrizations.weight.original, 5.0, 3.0)
    for _ in range(40):
        _ = layer.weight
        settle(layer)
    close(layer.weight, layer.parametrizations.weight.original / 5.0, 1e-4)


def test_a_transposed_convolution_is_seen_from_its_outputs():
    layer = nn.ConvTranspose2d(6, 4, 3)
    true = torch.linalg.matrix_norm(layer.weight.detach().transpose(0, 1).flatten(1), 2)
    raw = layer.weight.detach().clone()
    spectral_norm(layer)
    for _ in range(100):
        _ = layer.weight
        settle(layer)
    close(layer.weight, raw / true, 1e-3)


def test_power_iteration_moves_once_a_turn_and_only_in_training():
    layer = spectral_norm(nn.Linear(30, 20))
    state = next(m for m in layer.modules() if isinstance(m, State))
    before, weight = state.value.clone(), layer.weight.detach().clone()
    assert torch.equal(layer.weight, weight)
    assert torch.equal(state.value, before)
    settle(layer)
    assert not torch.equal(state.value, before)
    layer.eval()
    before = state.value.clone()
    _ = layer.weight
    settle(layer)
    assert torch.equal(state.value, before)


def test_making_a_normalised_layer_notes_nothing():
    layer = spectral_norm(nn.Linear(30, 20))
    assert next(m for m in layer.modules() if isinstance(m, State)).notes == 0


def test_two_shards_leave_the_same_vector_as_the_undivided_batch():
    one = spectral_norm(nn.Sequential(nn.Linear(9, 6), nn.ReLU(), nn.Linear(6, 1)))
    two, x = copy.deepcopy(one), torch.randn(8, 9)
    one(x).mean().backward()
    for part in x.chunk(2):
        (two(part).mean() / 2).backward()
    settle(one)
    settle(two)
    for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True):
        close(a, b, 1e-6)
    for a, b in zip(one.parameters(), two.parameters(), strict=True):
        close(a.grad, b.grad, 1e-6)


def test_the_gradient_flows_through_the_singular_value():
    weight = torch.randn(4, 3, dtype=torch.float64)
    norm = SpectralNorm(weight)
    for _ in range(300):
        norm(weight)
        norm.u.settle()
    norm.eval()
    assert torch.autograd.gradcheck(norm, weight.requires_grad_(), atol=1e-4)


def test_a_normalised_network_is_1_lipschitz_in_a_linear_layer_under_autocast():
    layer = spectral_norm(nn.Linear(64, 64, bias=False))
    with torch.autocast("cpu", torch.bfloat16):
        weight = layer.weight
    assert weight.dtype == torch.float32
    assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.1)


def test_spectral_norm_covers_every_layer_and_is_saved():
    network = spectral_norm(ResNetDiscriminator((1, 16, 16), 8, 3, attention=(SelfAttention, 8)))
    plain = ResNetDiscriminator((1, 16, 16), 8, 3, attention=(SelfAttention, 8))
    layers = [m for m in plain.modules() if isinstance(m, nn.Conv2d | nn.Linear | nn.Embedding)]
    assert sum(isinstance(m, SpectralNorm) for m in network.modules()) == len(layers)
    other = spectral_norm(plain)
    other.load_state_dict(network.state_dict())
    x, c = torch.randn(3, 1, 16, 16), chosen(3, 3)
    assert torch.equal(other(x, c), network(x, c))


def test_initialising_a_normalised_network_is_refused():
    with pytest.raises(ValueError, match="before its spectral_norm"):
        initialise(spectral_norm(nn.Linear(3, 3)), nn.init.orthogonal_)


# Layers


def test_initialise_draws_weights_and_zeroes_biases():
    network = nn.Sequential(nn.Conv2d(3, 40, 3), nn.BatchNorm2d(40), nn.Flatten(), nn.Linear(40, 40))
    initialise(network, partial(nn.init.normal_, std=0.02))
    assert network[3].weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert not network[0].bias.any()
    assert network[1].weight.eq(1).all()


def test_dropout_keeps_the_mean_and_does_nothing_in_evaluation():
    noise.at(3)
    dropout, x = Dropout(0.3), torch.ones(200, 100)
    dropped = dropout(x)
    assert dropped.mean().item() == pytest.approx(1, abs=0.02)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.3, abs=0.02)
    assert torch.equal(dropout.eval()(x), x)


def test_maxout_is_the_largest_piece():
    maxout, x = Maxout(3, 4, 5), torch.randn(6, 3)
    pieces = (x @ maxout.linear.weight.T + maxout.linear.bias).reshape(6, 4, 5)
    close(maxout(x), pieces.max(2).values)


def test_self_attention_starts_as_the_identity_and_then_sees_far():
    attention, x = SelfAttention(8), torch.randn(1, 8, 9, 6, requires_grad=True)
    assert torch.equal(attention(x), x)
    with torch.no_grad():
        attention.gain.fill_(1)
    attention(x)[0, :, 0, 0].sum().backward()
    assert x.grad[0, :, 6:, 4:].abs().max() > 0


def test_attention_needs_a_layer_that_is_small_enough():
    with pytest.raises(ValueError, match="no layer is as small as attention=4"):
        ResNetDiscriminator((1, 32, 32), 8, attention=(SelfAttention, 4))


def test_a_projection_head_is_linear_plus_the_class_product():
    head, features, c = Head(4, 3), torch.randn(2, 4), torch.tensor([2, 0])
    by_hand = head.linear(features)[:, 0] + (head.projection.weight[c] * features).sum(1)
    close(head(features, c), by_hand)


# Normalisation and the batch


def test_conditional_batch_norm_scales_by_class():
    norm, x = ConditionalBatchNorm(2, 3), torch.randn(6, 2, 4, 4)
    plain = norm(x, chosen(6, 3))
    with torch.no_grad():
        norm.gain[1] = 5
        norm.bias[2] = 7
    after = norm(x, chosen(6, 3))
    close(after[0::3], plain[0::3])
    close(after[1::3], 5 * plain[1::3])
    close(after[2::3], 7 + plain[2::3])
    close(plain, nn.BatchNorm2d(2)(x))


def test_virtual_batch_norm_does_not_look_at_the_rest_of_the_batch():
    norm, reference = VirtualBatchNorm(3, 5), torch.randn(5, 3, 4, 4)
    one, rest = torch.randn(1, 3, 4, 4), torch.randn(6, 3, 4, 4)
    alone = norm(torch.cat([reference, one]))[5:]
    among = norm(torch.cat([reference, one, 100 * rest]))[5:6]
    close(alone, among)
    other = norm(torch.cat([3 + reference, one]))[5:]
    assert (other - alone).abs().max() > 0.1


def test_virtual_batch_norm_is_the_batch_norm_of_the_reference_and_one():
    norm, rows = VirtualBatchNorm(3, 5), 2 + 3 * torch.randn(6, 3, 4, 4)
    close(norm(rows)[5:], nn.BatchNorm2d(3)(rows)[5:], 1e-4)
    close(norm(rows)[:5], nn.BatchNorm2d(3)(rows[:5]), 1e-4)


def test_a_referenced_generator_looks_at_each_sample_alone_in_training():
    generator = referenced((1, 12, 9), 3)
    z, c = torch.randn(4, LATENT), chosen(4, 3)
    close(generator(z, c)[1:2], generator(z[1:2], c[1:2]))
    again = referenced((1, 12, 9), 3)
    again.load_state_dict(generator.state_dict())
    close(again(z, c), generator(z, c))


def test_a_reference_is_refused_where_nothing_looks_at_it():
    with pytest.raises(ValueError, match="needs VirtualBatchNorm layers"):
        Referenced(DCGANGenerator(LATENT, (1, 16, 16), 4), LATENT)
    with pytest.raises(ValueError, match="needs its 6 reference rows"):
        DCGANGenerator(LATENT, (1, 16, 16), 4, norm=virtual)(torch.randn(2, LATENT))


def test_minibatch_discrimination_looks_at_the_others():
    layer, x = MinibatchDiscrimination(4, kernels=3, size=2), torch.randn(5, 4)
    together = layer(x)
    assert together.shape == (5, 7)
    assert torch.equal(together[:, :4], x)
    moved = x.clone()
    moved[1:] += 1
    assert (layer(moved)[0, 4:] - together[0, 4:]).abs().max() > 1e-4
    same = layer(x[:1].expand(5, -1))[:, 4:]
    close(same, torch.full_like(same, 5))  # all alike: every distance is zero
    close(layer(x[:1])[:, 4:], torch.ones(1, 3))


def test_minibatch_std_is_zero_for_copies_and_in_groups():
    x = torch.randn(6, 3, 4, 5)
    assert MinibatchStd(4)(x).shape == (6, 4, 4, 5)
    assert MinibatchStd()(x[:1].expand(4, -1, -1, -1))[:, 3].max() < 1e-3
    pairs = MinibatchStd(2)(x)[:, 3, 0, 0]
    for i in range(3):
        expected = x[[i, i + 3]].std(0, unbiased=False).mean()
        close(pairs[[i, i + 3]], expected.expand(2), 1e-4)


def test_a_discriminator_with_a_hidden_end_tells_copies_from_samples_that_differ():
    x = torch.randn(4, 1, 28, 28)
    copies = x[:1].expand(4, -1, -1, -1)
    for hidden in (0, 8):
        discriminator = DCGANDiscriminator((1, 28, 28), 4, norm=nn.Identity, hidden=hidden)
        initialise(discriminator, nn.init.orthogonal_)  # so that little things are seen in the score
        among_others, among_copies = discriminator(x)[0], discriminator(copies)[0]
        assert ((among_others - among_copies).abs() > 1e-5) == bool(hidden)
        assert discriminator.features(x).shape == (4, discriminator.feature_size)


# Networks of points, BEGAN


def test_pacgans_networks():
    generator = PointGenerator(2, (2,), (400,) * 4, layer=dense(nn.ReLU, nn.BatchNorm1d))
    discriminator = PointDiscriminator((4,), (200,) * 3, layer=partial(Maxout, pieces=5))
    points = generator(torch.randn(6, 2))
    assert points.shape == (6, 2)
    assert discriminator(points.reshape(3, 4)).shape == (3,)
    assert numbers(discriminator) == 5 * 1000 + 2 * 201 * 1000 + 201
    assert numbers(generator) == 2 * 400 + 3 * 400 * 400 + 4 * 800 + 401 * 2
    assert discriminator.features(points.reshape(3, 4)).shape == (3, discriminator.feature_size)


def test_the_fully_connected_discriminator_takes_points_too():
    assert MLPDiscriminator((2,), (16, 8))(torch.randn(5, 2)).shape == (5,)


@every_shape
def test_began_reconstructs_every_shape(shape):
    discriminator, generator = Autoencoder(shape, 4, 6), Decoder(LATENT, shape, 4)
    x = torch.randn(2, *shape)
    assert discriminator(x).shape == x.shape
    assert discriminator.encoder(x).shape == (2, 6)
    assert generator(torch.randn(3, LATENT)).shape == (3, *shape)
    (discriminator(x) - x).abs().mean().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in discriminator.parameters())


def test_began_starts_with_samples_that_differ():
    generator = Decoder(16, (3, 64, 64), 16)
    z = torch.randn(16, 16)
    assert generator(z).std(0).mean() > 0.05  # with torch's own weights, 0.001


def test_began_learns_to_reconstruct():
    discriminator, x = Autoencoder((1, 8, 8), 8, 16), torch.randn(4, 1, 8, 8).clamp(-1, 1)
    optimizer = torch.optim.Adam(discriminator.parameters(), 3e-3)
    first = (discriminator(x) - x).abs().mean().item()
    for _ in range(120):
        optimizer.zero_grad()
        error = (discriminator(x) - x).abs().mean()
        error.backward()
        optimizer.step()
    assert error.item() < 0.5 * first


def test_series_are_taken_apart_and_put_together():
    x = torch.rand(7, 9, 3)
    x[:3, 5:] = 0
    lasts = (x[:, :, :1] > 0).float()
    whole = torch.cat([x, lasts, torch.rand(7, 1, 2).expand(-1, 9, -1)], 2)
    parts = levels.split_parts(whole, 3, True)
    assert [tuple(part.shape) for part in parts] == [(7, 2), (7, 6), (7, 9, 4)]
    torch.testing.assert_close(levels.join_parts(parts), whole)
    steps = parts.steps[:, :, :3].double()
    torch.testing.assert_close(steps.sum(1), torch.zeros(7, 3).double(), atol=1e-5, rtol=0)
    still = levels.split_parts(torch.full((2, 4, 1), 0.5), 1, False)
    torch.testing.assert_close(levels.join_parts(still), torch.full((2, 4, 1), 0.5))
    assert (still.steps == 0).all()


def test_whitened_vectors():
    u = torch.randn(2_000, 2).double()
    x = torch.stack([3 * u[:, 0] + u[:, 1] + 5, u[:, 0] - u[:, 1], 2 * u[:, 0] + 5], 1).float()
    white = levels.White(3)
    white.fit(x)
    found = white.whiten(x)
    torch.testing.assert_close(white.unwhiten(found), x, atol=1e-3, rtol=1e-3)
    assert torch.linalg.matrix_rank(torch.cov(found.T), rtol=1e-3) == 2
    # whatever a network says, the third is the sum of the others, but for what is not linear
    made = white.unwhiten(torch.randn(50, 3))
    torch.testing.assert_close(made[:, 2], made[:, 0] / 2 + made[:, 1] / 2 + 2.5, atol=1e-2, rtol=0)
