"""What can be taught. A new task: one file here, one line below."""

from studio.registry import Registry
from studio.tasks.audio_classification import AudioClassification
from studio.tasks.base import Task
from studio.tasks.chat import Chat
from studio.tasks.extractive_qa import ExtractiveQuestionAnswering
from studio.tasks.image_captioning import ImageCaptioning
from studio.tasks.image_classification import ImageClassification
from studio.tasks.image_labels import ImageLabels
from studio.tasks.image_questions import VisualQuestionAnswering
from studio.tasks.image_regression import ImageRegression
from studio.tasks.image_segmentation import ImageSegmentation
from studio.tasks.multiple_choice import MultipleChoice
from studio.tasks.object_detection import ObjectDetection
from studio.tasks.preference import Preference
from studio.tasks.recommendation import Recommendation
from studio.tasks.search import Search
from studio.tasks.speech_recognition import SpeechRecognition
from studio.tasks.summarization import Summarization
from studio.tasks.tabular_classification import TabularClassification
from studio.tasks.tabular_regression import TabularRegression
from studio.tasks.text_classification import TextClassification
from studio.tasks.text_generation import TextGeneration
from studio.tasks.text_labels import TextLabels
from studio.tasks.text_pairs import TextPairs
from studio.tasks.text_regression import TextRegression
from studio.tasks.text_similarity import TextSimilarity
from studio.tasks.token_classification import TokenClassification
from studio.tasks.translation import Translation

TASKS: Registry[Task] = Registry(
    "task",
    TextClassification(),
    ImageClassification(),
    TextLabels(),
    ImageLabels(),
    TextRegression(),
    ImageRegression(),
    TextPairs(),
    TextSimilarity(),
    Search(),
    Recommendation(),
    ExtractiveQuestionAnswering(),
    MultipleChoice(),
    Translation(),
    Summarization(),
    TextGeneration(),
    Chat(),
    Preference(),
    TokenClassification(),
    ObjectDetection(),
    ImageSegmentation(),
    ImageCaptioning(),
    VisualQuestionAnswering(),
    AudioClassification(),
    SpeechRecognition(),
    TabularClassification(),
    TabularRegression(),
)
