"""Pairs taken together: chains merge, contradictions are asked for, answers count more than what was found."""

from itertools import pairwise

from crmkit.cleaning.duplicates.decide import cluster_pairs

AB, AC, BC, CD = ("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")


def none_wrong(pairs):
    return set()


def test_a_chain_is_one_person_and_another_pair_is_another():
    assert cluster_pairs([BC, AB, ("x", "y")], [], [], none_wrong).people == (("a", "b", "c"), ("x", "y"))


def test_a_chain_whose_ends_cannot_be_one_person_is_asked_for_link_by_link():
    groups = cluster_pairs([AB, BC, ("x", "y")], [], [], lambda pairs: {AC} & set(pairs))
    assert groups.people == (("x", "y"),)
    assert groups.doubted == (AB, BC)


def test_who_was_answered_to_be_different_is_never_merged_by_a_way_round():
    groups = cluster_pairs([AB, BC], [], [AC], none_wrong)
    assert (groups.people, groups.doubted) == ((), (AB, BC))
    assert cluster_pairs([AB], [], [AB], none_wrong).people == ()


def test_an_answer_holds_against_a_contradiction_and_what_was_found_beside_it_is_asked():
    groups = cluster_pairs([BC], [AB], [], lambda pairs: {AC} & set(pairs))
    assert (groups.people, groups.doubted) == ((("a", "b"),), (BC,))
    assert cluster_pairs([], [AB, BC], [], lambda pairs: {AC}).people == (("a", "b", "c"),)


def test_answers_that_cannot_all_be_right_are_named():
    assert cluster_pairs([], [AB, BC], [AC], none_wrong).impossible == (AC,)


def test_thirteen_accounts_are_too_many_to_be_merged_without_a_question():
    names = [f"c{number:02d}" for number in range(13)]
    chain = list(pairwise(names))
    assert cluster_pairs(chain[:-1], [], [], none_wrong).people == (tuple(names[:-1]),)
    assert cluster_pairs(chain, [], [], none_wrong).people == ()
    assert cluster_pairs([], chain, [], none_wrong).people == (tuple(names),)
