"""Sequences that share their items, and never change for whoever holds them."""

import random
import threading

import pytest

from studio.growing_tuple import GrowingTuple


def test_it_is_a_sequence() -> None:
    numbers = GrowingTuple([1, 2, 3])
    assert numbers == (1, 2, 3) == numbers and numbers != (1, 2) and numbers != [1, 2, 3] and not GrowingTuple()
    assert (numbers[0], numbers[-1], numbers[1:], numbers[::-2]) == (1, 3, (2, 3), (3, 1))
    assert list(reversed(numbers)) == [3, 2, 1] and 2 in numbers and numbers.index(3) == 2
    assert GrowingTuple([1, 2, 3]) == numbers != GrowingTuple([1, 2, 4])
    for wrong in (3, -4):
        with pytest.raises(IndexError):
            numbers[wrong]


def test_a_shorter_one_never_sees_what_a_longer_one_got() -> None:
    short = GrowingTuple([1, 2]).first(1)
    long = short.extended([3]).extended([4, 5])
    other = short.extended([6])
    assert (short, long, other) == ((1,), (1, 3, 4, 5), (1, 6))
    with pytest.raises(IndexError):
        short[1]
    assert short[-1] == 1 and short[:9] == (1,)


def test_random_histories_are_those_of_tuples() -> None:
    """Any version may be extended or cut at any time; tuples, which copy, say what must come out."""
    chance = random.Random(7)
    versions: list[tuple[GrowingTuple[int], tuple[int, ...]]] = [(GrowingTuple(), ())]
    for number in range(2000):
        shared, copied = chance.choice(versions[-5:])
        if chance.random() < 0.2:
            count = chance.randint(0, len(copied) + 1)
            versions.append((shared.first(count), copied[:count]))
        else:
            more = [number] * chance.randint(0, 3)
            versions.append((shared.extended(more), (*copied, *more)))
    assert all(shared == copied and tuple(shared) == copied for shared, copied in versions)
    assert max(len(copied) for _, copied in versions) > 30


def test_extending_copies_nothing() -> None:
    numbers = GrowingTuple(range(1000))
    assert numbers.extended([1000])._items is numbers._items is numbers.first(10)._items


def test_threads_that_extend_the_same_one_do_not_mix() -> None:
    start: GrowingTuple[int] = GrowingTuple(range(10))
    ended: list[GrowingTuple[int]] = []
    ready = threading.Barrier(4)

    def extend(mark: int) -> None:
        ready.wait()
        numbers = start
        for _ in range(500):
            numbers = numbers.extended([mark])
        ended.append(numbers)

    threads = [threading.Thread(target=extend, args=[mark]) for mark in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert start == tuple(range(10))
    assert sorted(numbers[10] for numbers in ended) == [0, 1, 2, 3]
    assert all(set(numbers[10:]) == {numbers[10]} and len(numbers) == 510 for numbers in ended)
