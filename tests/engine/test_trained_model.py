"""What the trained model makes of clear sentences that stand nowhere in its training data."""

from __future__ import annotations

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage

CLEAR = {
    "What exactly are exosomes?": "faq/what_are_exosomes",
    "How do exosomes work on the skin?": "faq/how_exosomes_work",
    "Are these stem cells?": "faq/are_exosomes_stem_cells",
    "Which problems can it help with?": "faq/concerns_treated",
    "Will it help with my melasma patches?": "faq/treats_pigmentation",
    "Does it work on old acne scars?": "faq/treats_acne_scars",
    "Can it help with thinning hair?": "faq/treats_hair_loss",
    "Does it reduce fine lines and wrinkles?": "faq/treats_ageing",
    "Can I get it done while I am pregnant?": "faq/suitable_pregnancy",
    "What is the minimum age for this?": "faq/suitable_age",
    "I take blood thinners, can I still have it?": "faq/suitable_medication",
    "What side effects can I expect?": "faq/side_effects",
    "Is the treatment safe?": "faq/is_it_safe",
    "Can exosomes give me cancer?": "faq/cancer_risk",
    "Is it approved by the government?": "faq/regulatory_approval",
    "Is there scientific proof that it works?": "faq/evidence",
    "Is the procedure painful?": "faq/pain",
    "How long does one session take?": "faq/session_length",
    "How should I prepare before the treatment?": "faq/preparation",
    "How many sessions will my hair need?": "faq/sessions_hair",
    "When can I wash my hair after it?": "faq/hair_wash_colour_oil",
    "When can I put on makeup again?": "faq/makeup_after",
    "Can I go to the gym the next day?": "faq/sun_exercise_after",
    "I had microneedling yesterday, what should I do at home today?": "faq/aftercare_skin",
    "MNRF was three days ago, can I put make-up on now?": "faq/makeup_after",
    "My scalp session was two days ago, can I wash my hair?": "faq/hair_wash_colour_oil",
    "What may I do today? CO2 laser was on Friday": "faq/aftercare_skin",
    "How long will the results last?": "faq/results_duration",
    "Do you have before and after pictures?": "faq/before_after_photos",
    "Is it better than PRP?": "faq/compare_prp",
    "How much does it cost?": "faq/price",
    "What are your opening hours on Saturday?": "faq/clinic_hours",
    "Where is the clinic located?": "faq/clinic_location",
    "Which brand of exosomes do you use?": "faq/which_product",
    "Please book an appointment for me": "book_consultation",
    "I want to move my appointment to Friday": "reschedule_consultation",
    "Please cancel my appointment": "cancel_consultation",
    "Can I talk to a real person?": "talk_to_staff",
    "Delete all my data please": "privacy_request",
    "Please call me back in the evening": "call_me_back",
    "I am stuck in traffic and will be 15 minutes late": "running_late",
    "Are you a robot?": "bot_challenge",
    "Thanks a lot for your help": "thanks",
    "Good evening": "greet",
}


async def label(agent: Agent, text: str) -> str:
    """The label that the model gives a text, topics in full."""
    parse = await agent.processor.parse_message(UserMessage(text))
    if parse["intent"]["name"] != "faq":
        return str(parse["intent"]["name"])
    return str(parse["response_selector"]["faq"]["response"]["intent_response_key"])


async def test_clear_sentences_are_understood(agent: Agent) -> None:
    found = {text: await label(agent, text) for text in CLEAR}
    wrong = {text: found[text] for text in CLEAR if found[text] != CLEAR[text]}
    assert len(CLEAR) == 44
    assert len(wrong) <= 4, wrong


async def test_a_message_is_understood_alike_each_time(agent: Agent) -> None:
    once = await agent.processor.parse_message(UserMessage("is it painful"))
    await label(agent, "something else in between")
    again = await agent.processor.parse_message(UserMessage("is it painful"))
    assert again["intent"] == once["intent"]
    assert again["intent_ranking"] == once["intent_ranking"]


def test_the_model_answers_every_topic_that_it_can_name(agent: Agent) -> None:
    topics = {name for name in agent.domain.responses if name.startswith("utter_faq/")}
    assert len(topics) == 70
    assert "utter_faq" in agent.domain.action_names_or_texts
